package io.penstock.server.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The value of a key that is left out, as one would write it: a scalar, or {@code []} and <code>{}</code> for an empty list,
 * map or section. A key with neither this nor the type {@link java.util.Optional} must be given.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface Default {
    String value();
}
