@org.jspecify.annotations.NullMarked
package io.penstock.examples.docker;
