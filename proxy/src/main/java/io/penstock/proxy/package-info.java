/** Transactions, hooks, routes and upstreams. */
@NullMarked
package io.penstock.proxy;

import org.jspecify.annotations.NullMarked;
