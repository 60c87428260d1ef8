package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MultipartUploadTest {
    @Test
    void partsOfAnySizeAreTakenApartSizedAndChunked(@TempDir Path directory) throws Exception {
        var large = new byte[5_000_000];
        new Random(1).nextBytes(large);
        byte[] tricky = "\r\n--\r\n-----------\r\n\r\n--------------------------".getBytes(UTF_8);
        Path photo = Files.write(directory.resolve("cat.jpg"), large);
        Path text = Files.write(directory.resolve("boundaries.txt"), tricky);
        String expected = line("note", "hello".getBytes(UTF_8)) + line("photo", large) + line("text", tricky);

        try (var program = Program.example(MultipartUpload.class, "0")) {
            for (String framing : List.of("X-Framing: sized", "Transfer-Encoding: chunked")) {
                String url = program.url("/");
                assertThat(Web.curl(
                                url, "-H", framing, "-F", "note=hello", "-F", "photo=@" + photo, "-F", "text=@" + text))
                        .isEqualTo(expected);
            }
            assertThat(Web.curl(program.url("/"), "-d", "note=hello")).isEqualTo("this takes multipart/form-data\n");
            assertThat(Web.curl(
                            program.url("/"),
                            "-H",
                            "Content-Type: multipart/form-data; boundary=x",
                            "-d",
                            "--x\r\n\r\nhello"))
                    .isEqualTo("the last boundary is missing\n");
        }
    }

    private static String line(String name, byte[] part) throws Exception {
        byte[] checksum = MessageDigest.getInstance("SHA-256").digest(part);
        return name + " " + part.length + " " + HexFormat.of().formatHex(checksum) + "\n";
    }
}
