package io.penstock.proxy;

/** Keeps the package from being empty until its first type lands; the first type replaces it. */
interface Skeleton {}
