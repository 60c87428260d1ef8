/** What the test kit needs to be public for others than its users. */
@NullMarked
package io.penstock.testkit.internal;

import org.jspecify.annotations.NullMarked;
