package io.penstock.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Netty is how Penstock is made, not what its users see. */
class SignatureTest {
    @Test
    void noPublicSignatureNamesNetty() throws IOException {
        List<String> leaks =
                Production.publicTypes().flatMap(SignatureTest::leaks).sorted().toList();

        assertThat(leaks).isEmpty();
    }

    @Test
    void aNettyTypeIsFoundWhereverASignatureCanHideIt() {
        var leaky = new com.tngtech.archunit.core.importer.ClassFileImporter().importClasses(Leaky.class);

        assertThat(leaks(leaky.get(Leaky.class)))
                .anyMatch(leak -> leak.contains("Leaky is a"))
                .anyMatch(leak -> leak.contains("argument"))
                .anyMatch(leak -> leak.contains("result"))
                .anyMatch(leak -> leak.contains("failure"))
                .anyMatch(leak -> leak.contains("field"))
                .noneMatch(leak -> leak.contains("hidden"));
    }

    /** What the second test looks for. */
    abstract static class Leaky implements Iterable<ByteBuf> {
        protected final List<? extends ByteBuf> field = List.of();

        public void argument(ByteBuf[] bytes) {}

        public abstract Set<List<ByteBuf>> result();

        protected void failure() throws io.netty.channel.ChannelException {}

        void hidden(ByteBuf bytes) {}
    }

    private static Stream<String> leaks(JavaClass type) {
        Stream<String> supertypes = Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream())
                .filter(SignatureTest::namesNetty)
                .map(supertype -> type.getName() + " is a " + supertype.getName());
        Stream<String> members = type.getMembers().stream()
                .filter(SignatureTest::visible)
                .filter(member -> signature(member).anyMatch(SignatureTest::namesNetty))
                .map(JavaMember::getFullName);
        return Stream.concat(supertypes, members);
    }

    private static boolean visible(JavaMember member) {
        Set<JavaModifier> modifiers = member.getModifiers();
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    private static Stream<JavaType> signature(JavaMember member) {
        return switch (member) {
            case JavaCodeUnit unit ->
                Stream.of(
                                Stream.of(unit.getReturnType()),
                                unit.getParameterTypes().stream(),
                                unit.getExceptionTypes().stream())
                        .flatMap(types -> types);
            case com.tngtech.archunit.core.domain.JavaField field -> Stream.of(field.getType());
            default -> throw new AssertionError("a member of a new kind: " + member.getDescription());
        };
    }

    private static boolean namesNetty(JavaType type) {
        return type.getAllInvolvedRawTypes().stream()
                .anyMatch(involved -> involved.getBaseComponentType().getName().startsWith("io.netty."));
    }
}
