/** The smallest programs that answer a question, one file each. */
@NullMarked
package io.penstock.examples;

import org.jspecify.annotations.NullMarked;
