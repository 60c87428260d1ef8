/** Micro-benchmarks and side-by-side runs against other proxies. */
@NullMarked
package io.penstock.bench;

import org.jspecify.annotations.NullMarked;
