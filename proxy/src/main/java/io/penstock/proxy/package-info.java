/** Proxying: transactions, their hooks, routes, upstream groups and plugins. */
@NullMarked
package io.penstock.proxy;

import org.jspecify.annotations.NullMarked;
