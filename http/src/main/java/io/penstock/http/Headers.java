package io.penstock.http;

import io.penstock.http.internal.ByteClass;
import io.penstock.http.internal.Trusted;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a message's head or trailer section: ordered, duplicates kept, names compared without case.
 *
 * <p>Values are what is on the wire: each char is one byte (ISO-8859-1), without the white space around them. What could not
 * be written as one field line, such as a value with CR, LF or NUL in it, is refused with {@link IllegalArgumentException}, so
 * no header can split a message.
 *
 * <p>Mutable, owned by one thread at a time, like the message it belongs to. Source: RFC 9110 §5, RFC 9112 §5.
 */
public final class Headers {
    private static final String[] EMPTY = {};

    /** Entries left free in a copy, as it is made to be added to. */
    private static final int SPARE = 12;

    static {
        Trusted.provide(new Trusted() {
            @Override
            public void add(Headers headers, String name, String value) {
                headers.append(name, value);
            }

            @Override
            public RequestHead request(String method, String target, HttpVersion version, Headers headers) {
                return new RequestHead(method, target, version, headers);
            }

            @Override
            public ResponseHead response(int status, String reason, HttpVersion version, Headers headers) {
                return new ResponseHead(status, reason, version, headers);
            }
        });
    }

    /** Name, value, name, value ... */
    private String[] fields;

    /** How many entries of the array are in use: twice the number of fields. */
    private int used;

    private Headers(String[] fields, int used) {
        this.fields = fields;
        this.used = used;
    }

    public static Headers of() {
        return new Headers(EMPTY, 0);
    }

    /** Headers of names and values in turn: {@code Headers.of("Host", "example.com", "Accept", "text/html")}. */
    public static Headers of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException("the last name has no value: " + Arrays.toString(namesAndValues));
        }
        var headers = new Headers(new String[namesAndValues.length], 0);
        for (int i = 0; i < namesAndValues.length; i += 2) headers.add(namesAndValues[i], namesAndValues[i + 1]);
        return headers;
    }

    /** The number of fields, each line counted. */
    public int size() {
        return used / 2;
    }

    public boolean isEmpty() {
        return used == 0;
    }

    /** The name of the field at an index from 0, spelled as it came. */
    public String name(int index) {
        return fields[2 * Objects.checkIndex(index, used / 2)];
    }

    /** The value of the field at an index from 0. */
    public String value(int index) {
        return fields[2 * Objects.checkIndex(index, used / 2) + 1];
    }

    /** The value of the first field of that name; null when there is none. */
    public @Nullable String first(String name) {
        int at = find(name, 0);
        return at < 0 ? null : fields[at + 1];
    }

    /** The values of all fields of that name, in order; empty when there is none. */
    public List<String> all(String name) {
        var values = new ArrayList<String>(2);
        for (int at = find(name, 0); at >= 0; at = find(name, at + 2)) values.add(fields[at + 1]);
        return values;
    }

    public boolean contains(String name) {
        return find(name, 0) >= 0;
    }

    /** How many fields have that name. */
    public int count(String name) {
        int count = 0;
        for (int at = find(name, 0); at >= 0; at = find(name, at + 2)) count++;
        return count;
    }

    /** Whether the comma-separated lists in the fields of that name have the token, without regard to case. */
    public boolean containsToken(String name, String token) {
        for (int at = find(name, 0); at >= 0; at = find(name, at + 2)) {
            if (listHas(fields[at + 1], token)) return true;
        }
        return false;
    }

    /**
     * Adds a field behind all others.
     *
     * @throws IllegalArgumentException when the name is not a token or the value has a control or non-ISO-8859-1 character
     */
    public Headers add(String name, String value) {
        append(checkedName(name), checkedValue(name, value));
        return this;
    }

    /** Adds all fields of the other headers behind these. */
    public Headers addAll(Headers other) {
        int count = other.used;
        makeRoom(count);
        System.arraycopy(other.fields, 0, fields, used, count);
        used += count;
        return this;
    }

    /** Makes this the one value of the name: in the place of the first field that had it, or behind all others. */
    public Headers set(String name, String value) {
        checkedValue(name, value);
        int at = find(name, 0);
        if (at < 0) {
            append(checkedName(name), value);
        } else {
            fields[at + 1] = value;
            removeFrom(name, at + 2);
        }
        return this;
    }

    /** Removes all fields of that name; whether there were any. */
    public boolean remove(String name) {
        return removeFrom(name, 0);
    }

    /** Removes the field at an index from 0; those behind it move up. */
    public void removeAt(int index) {
        int at = 2 * Objects.checkIndex(index, used / 2);
        System.arraycopy(fields, at + 2, fields, at, used - at - 2);
        used -= 2;
    }

    /** Visits each field with its name and value, in order. */
    public void forEach(BiConsumer<String, String> visitor) {
        for (int i = 0; i < used; i += 2) visitor.accept(fields[i], fields[i + 1]);
    }

    /** Headers of their own with the same fields. */
    public Headers copy() {
        return new Headers(Arrays.copyOf(fields, used), used);
    }

    /** Headers of their own with the fields whose names do not match. */
    public Headers copyWithout(Predicate<String> names) {
        var kept = new String[used + SPARE];
        int count = 0;
        for (int i = 0; i < used; i += 2) {
            if (names.test(fields[i])) continue;
            kept[count++] = fields[i];
            kept[count++] = fields[i + 1];
        }
        return new Headers(kept, count);
    }

    /** Removes all fields whose names match. */
    public void removeIf(Predicate<String> names) {
        int kept = 0;
        for (int i = 0; i < used; i += 2) {
            if (names.test(fields[i])) continue;
            fields[kept++] = fields[i];
            fields[kept++] = fields[i + 1];
        }
        used = kept;
    }

    /** One line a field, for people: not what is sent. */
    @Override
    public String toString() {
        var text = new StringBuilder();
        forEach((name, value) -> text.append(name).append(": ").append(value).append('\n'));
        return text.toString();
    }

    private int find(String name, int from) {
        for (int i = from; i < used; i += 2) {
            String candidate = fields[i];
            if (isSame(candidate, name)) return i;
        }
        return -1;
    }

    @SuppressWarnings({"StringEquality", "ReferenceEquality"
    }) // the parser and our own code share the constants of HeaderNames
    private static boolean isSame(String one, String other) {
        return one == other || (one.length() == other.length() && one.equalsIgnoreCase(other));
    }

    private boolean removeFrom(String name, int from) {
        int kept = from;
        for (int i = from; i < used; i += 2) {
            if (isSame(fields[i], name)) continue;
            fields[kept] = fields[i];
            fields[kept + 1] = fields[i + 1];
            kept += 2;
        }
        boolean removed = kept < used;
        used = kept;
        return removed;
    }

    private void append(String name, String value) {
        if (used == fields.length) makeRoom(2);
        fields[used++] = name;
        fields[used++] = value;
    }

    private void makeRoom(int entries) {
        if (fields.length - used < entries) {
            fields = Arrays.copyOf(fields, Math.max(Math.max(16, 2 * fields.length), used + entries));
        }
    }

    private static boolean listHas(String list, String token) {
        int length = list.length();
        for (int from = 0; from < length; ) {
            int comma = list.indexOf(',', from);
            int end = comma < 0 ? length : comma;
            int next = end + 1;
            while (from < end && isBlank(list.charAt(from))) from++;
            while (end > from && isBlank(list.charAt(end - 1))) end--;
            if (end - from == token.length() && list.regionMatches(true, from, token, 0, token.length())) return true;
            from = next;
        }
        return false;
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    private static String checkedName(String name) {
        if (!ByteClass.isToken(name)) {
            throw new IllegalArgumentException("not a field name: '" + ByteClass.printable(name) + "'");
        }
        return name;
    }

    private static String checkedValue(String name, String value) {
        if (!ByteClass.isValue(value)) {
            throw new IllegalArgumentException("the value of " + ByteClass.printable(name)
                    + " has a character that no field may have, or white space around it: '"
                    + ByteClass.printable(value)
                    + "'");
        }
        return value;
    }
}
