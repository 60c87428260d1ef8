package io.penstock.net.internal;

/** Keeps the package from being empty until its first type lands; the first type replaces it. */
interface Skeleton {}
