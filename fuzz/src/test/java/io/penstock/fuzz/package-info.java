/** Fuzzing of what comes from the network. */
@NullMarked
package io.penstock.fuzz;

import org.jspecify.annotations.NullMarked;
