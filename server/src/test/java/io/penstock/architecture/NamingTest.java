package io.penstock.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Names say what a thing is; every package says that its nulls are marked. */
class NamingTest {
    private static final Pattern EMPTY_NAME =
            Pattern.compile(".*(Util|Utils|Utilities|Helper|Helpers|Manager|Impl|Common|Misc)");

    @Test
    void noClassHasANameThatSaysNothing() {
        assertThat(Production.CLASSES)
                .extracting(JavaClass::getName)
                .noneMatch(name -> EMPTY_NAME.matcher(name).matches());
    }

    @Test
    void everyPackageMarksItsNulls() {
        assertThat(Production.CLASSES.stream().map(JavaClass::getPackage).distinct())
                .allSatisfy(
                        javaPackage -> assertThat(javaPackage.isAnnotatedWith("org.jspecify.annotations.NullMarked"))
                                .as("%s has a package-info.java with @NullMarked", javaPackage.getName())
                                .isTrue());
    }

    @Test
    void noAccessorOfAPublicTypeStartsWithGet() throws Exception {
        assertThat(Production.publicTypes()
                        .flatMap(type -> type.getMethods().stream())
                        .filter(method ->
                                method.getModifiers().contains(com.tngtech.archunit.core.domain.JavaModifier.PUBLIC))
                        .filter(method -> method.getRawParameterTypes().isEmpty())
                        .filter(method -> method.getName().matches("get[A-Z].*"))
                        .map(method -> method.getFullName()))
                .isEmpty();
    }
}
