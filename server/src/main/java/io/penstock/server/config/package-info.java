/**
 * The configuration: a YAML file bound to immutable records, with every mistake of a file reported where it stands.
 *
 * <p>The records of {@link io.penstock.server.config.Config} are the single source: the binder, the JSON Schema and the
 * reference table of the guide are all derived from their components and the annotations on these.
 */
@NullMarked
package io.penstock.server.config;

import org.jspecify.annotations.NullMarked;
