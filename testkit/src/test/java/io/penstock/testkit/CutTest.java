package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class CutTest {
    private static final byte[] BYTES = Payload.bytes("0123456789");

    @EveryCut
    void piecesJoinToTheWholeAndNoneIsEmpty(Cut cut) {
        var pieces = cut.pieces(BYTES);
        assertThat(pieces).allSatisfy(piece -> assertThat(piece).isNotEmpty());
        assertThat(Payload.join(pieces.toArray(byte[][]::new))).isEqualTo(BYTES);
        assertThat(cut.pieces(new byte[0])).isEmpty();
    }

    @Test
    void eachCutCutsAsItSays() {
        assertThat(Cut.WHOLE.pieces(BYTES)).hasSize(1);
        assertThat(Cut.BYTE_BY_BYTE.pieces(BYTES)).hasSize(10);
        assertThat(new Cut.Every(4).pieces(BYTES))
                .extracting(piece -> piece.length)
                .containsExactly(4, 4, 2);
        assertThatThrownBy(() -> new Cut.Every(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theSameSeedCutsInTheSamePlacesAndIsNamed() {
        byte[] bytes = Payload.random(5000);
        var sizes = new Cut.AtRandom(7)
                .pieces(bytes).stream().map(piece -> piece.length).toList();
        assertThat(new Cut.AtRandom(7).pieces(bytes))
                .extracting(piece -> piece.length)
                .isEqualTo(sizes);
        assertThat(new Cut.AtRandom(8).pieces(bytes))
                .extracting(piece -> piece.length)
                .isNotEqualTo(sizes);
        assertThat(new Cut.AtRandom(7)).hasToString("at random, seed 7");
    }
}
