/** The conformance suite of every connection kind, and faults to inject into one. */
@NullMarked
package io.penstock.testkit;

import org.jspecify.annotations.NullMarked;
