package io.penstock.server.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Inclusive limits as one would write them: of a number, a duration or a size; of a list or a map, its number of entries. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface Range {
    String min();

    /** The upper limit; empty for none. */
    String max() default "";
}
