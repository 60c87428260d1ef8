package io.penstock.net;

/** Keeps the package from being empty until its first type lands; the first type replaces it. */
interface Skeleton {}
