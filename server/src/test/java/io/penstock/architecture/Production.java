package io.penstock.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The shipped classes of every module, and which of them a user may name. */
final class Production {
    static final Set<String> MODULES = Set.of(
            "io.penstock.net", "io.penstock.testkit", "io.penstock.http", "io.penstock.proxy", "io.penstock.server");

    static final JavaClasses CLASSES = imported();

    private Production() {}

    private static JavaClasses imported() {
        JavaClasses classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages(MODULES);
        // A rule over classes that were not found holds without saying anything.
        for (String module : MODULES) {
            assertThat(classes).as("classes of " + module).anyMatch(type -> within(module, type));
        }
        return classes;
    }

    static boolean within(String root, JavaClass type) {
        return type.getPackageName().equals(root) || type.getPackageName().startsWith(root + ".");
    }

    /** Packages that the module descriptors export to everybody. */
    static Set<String> exportedPackages() throws IOException {
        Set<String> packages = new TreeSet<>();
        Set<String> seen = new TreeSet<>();
        for (var url : Collections.list(Production.class.getClassLoader().getResources("module-info.class"))) {
            try (var stream = url.openStream()) {
                ModuleDescriptor module = ModuleDescriptor.read(stream);
                if (MODULES.contains(module.name())) {
                    seen.add(module.name());
                    module.exports().stream()
                            .filter(export -> !export.isQualified())
                            .forEach(export -> packages.add(export.source()));
                }
            }
        }
        assertThat(seen).as("module descriptors on the class path").isEqualTo(new TreeSet<>(MODULES));
        return packages;
    }

    /** Types that code outside Penstock can name: public or protected all the way out, in an exported package. */
    static Stream<JavaClass> publicTypes() throws IOException {
        Set<String> packages = exportedPackages();
        return CLASSES.stream()
                .filter(type -> packages.contains(type.getPackageName()))
                .filter(type -> !type.isAnonymousClass() && !type.isLocalClass())
                .filter(Production::reachable);
    }

    private static boolean reachable(JavaClass type) {
        Set<JavaModifier> modifiers = type.getModifiers();
        boolean open = modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
        return open && type.getEnclosingClass().map(Production::reachable).orElse(true);
    }
}
