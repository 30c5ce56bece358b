//go:build !purego

// This file validates UTF-8 with AVX2. utf8_lookup.go explains the algorithm and holds the tables.

#include "textflag.h"

DATA utf8Bytes<>+0(SB)/4, $0x0F0F0F0F
DATA utf8Bytes<>+4(SB)/4, $0x80808080
DATA utf8Bytes<>+8(SB)/4, $0x60606060
DATA utf8Bytes<>+12(SB)/4, $0x70707070
GLOBL utf8Bytes<>(SB), RODATA|NOPTR, $16

// CHECK finds what is wrong in the 32 bytes of in. p1, p2 and p3 hold the 32 bytes that lie one, two and three before;
// they are destroyed. err is not zero afterwards where something is wrong.
//
// A byte from 0xE0 on, less 0x60, keeps its top bit, and so does one from 0xF0 on, less 0x70; no lower one does, as the
// subtraction stops at zero. That is one instruction less than a table for each, on this processor.
#define CHECK(in, p1, p2, p3, err) \
	VPSRLW   $4, p1, err    \
	VPAND    Y15, p1, p1    \
	VPAND    Y15, err, err  \
	VPSHUFB  p1, Y13, p1    \
	VPSHUFB  err, Y14, err  \
	VPAND    p1, err, err   \
	VPSRLW   $4, in, p1     \
	VPAND    Y15, p1, p1    \
	VPSHUFB  p1, Y12, p1    \
	VPSUBUSB Y10, p2, p2    \
	VPSUBUSB Y9, p3, p3     \
	VPOR     p3, p2, p2     \
	VPAND    p1, err, err   \
	VPAND    Y11, p2, p2    \
	VPXOR    p2, err, err

// TABLES loads what CHECK needs.
#define TABLES \
	VBROADCASTI128 ·utf8Tables+0(SB), Y14 \
	VBROADCASTI128 ·utf8Tables+16(SB), Y13 \
	VBROADCASTI128 ·utf8Tables+32(SB), Y12 \
	VPBROADCASTD   utf8Bytes<>+0(SB), Y15 \
	VPBROADCASTD   utf8Bytes<>+4(SB), Y11 \
	VPBROADCASTD   utf8Bytes<>+8(SB), Y10 \
	VPBROADCASTD   utf8Bytes<>+12(SB), Y9

// func utf8AVX2(p *byte, n int) int
//
// SI p, CX n
// DX how many bytes are known to be right so far: a multiple of 16, and what is returned when something is wrong
// Y15, Y11, Y10, Y9 the four of utf8Bytes, Y14, Y13, Y12 the first three of utf8Tables
//
// ASCII and other text have a loop each. The one for ASCII is entered only where no character is under way; the other
// one, which reads the three bytes before DX, only when DX is not zero.
TEXT ·utf8AVX2(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	XORL DX, DX

	CMPQ CX, $32
	JB   short
	CMPQ CX, $128
	JAE  ascii

	// 32 to 127 bytes: if the vectors at both ends, which overlap, are ASCII, then that is all.
	VMOVDQU   (SI), Y0
	VPOR      -32(SI)(CX*1), Y0, Y1
	CMPQ      CX, $64
	JBE       asciiShort
	VPOR      32(SI), Y1, Y1
	VPOR      -64(SI)(CX*1), Y1, Y1

asciiShort:
	VPMOVMSKB Y1, AX
	TESTL     AX, AX
	JNZ       other
	JMP       all

ascii:
	LEAQ      128(DX), R9
	CMPQ      R9, CX
	JA        asciiEnd
	VMOVDQU   (SI)(DX*1), Y0
	VMOVDQU   64(SI)(DX*1), Y1
	VPOR      32(SI)(DX*1), Y0, Y0
	VPOR      96(SI)(DX*1), Y1, Y1
	VPOR      Y0, Y1, Y1
	VPMOVMSKB Y1, AX
	TESTL     AX, AX
	JNZ       other
	MOVQ      R9, DX
	JMP       ascii

asciiEnd:
	// Less than 128 bytes are left: the last 128 are looked at, some of them again.
	CMPQ      CX, $128
	JB        other
	VMOVDQU   -128(SI)(CX*1), Y0
	VMOVDQU   -64(SI)(CX*1), Y1
	VPOR      -96(SI)(CX*1), Y0, Y0
	VPOR      -32(SI)(CX*1), Y1, Y1
	VPOR      Y0, Y1, Y1
	VPMOVMSKB Y1, AX
	TESTL     AX, AX
	JZ        all

other:
	TABLES
	TESTQ          DX, DX
	JNZ            loop

	// Nothing lies before the first 32 bytes: zeros are shifted in, which are ASCII. Y1 becomes the vector that starts
	// 16 bytes earlier, and each half of VPALIGNR takes its bytes from there.
	VMOVDQU    (SI), Y0
	VPERM2I128 $0x08, Y0, Y0, Y1
	VPALIGNR   $15, Y1, Y0, Y2
	VPALIGNR   $14, Y1, Y0, Y3
	VPALIGNR   $13, Y1, Y0, Y4
	CHECK(Y0, Y2, Y3, Y4, Y8)
	VPTEST     Y8, Y8
	JNZ        done
	MOVQ       $32, DX

loop:
	// The bytes before are loaded again from memory, one, two and three places lower: loads are free here, and the
	// shuffles that would shift them are what the tables need.
	LEAQ    64(DX), R9
	CMPQ    R9, CX
	JA      ends
	VMOVDQU (SI)(DX*1), Y0
	VMOVDQU -1(SI)(DX*1), Y2
	VMOVDQU -2(SI)(DX*1), Y3
	VMOVDQU -3(SI)(DX*1), Y4
	CHECK(Y0, Y2, Y3, Y4, Y8)
	VMOVDQU 32(SI)(DX*1), Y1
	VMOVDQU 31(SI)(DX*1), Y2
	VMOVDQU 30(SI)(DX*1), Y3
	VMOVDQU 29(SI)(DX*1), Y4
	CHECK(Y1, Y2, Y3, Y4, Y5)
	VPOR    Y5, Y8, Y8
	VPTEST  Y8, Y8
	JNZ     done
	MOVQ    R9, DX
	VPOR    Y0, Y1, Y1
	VPMOVMSKB Y1, AX
	TESTL   AX, AX
	JNZ     loop
	JMP     ascii                   // what was under way before these 64 bytes is complete, or they would be wrong

ends:
	// Less than 64 bytes are left: at most 32 that begin at DX, and the last 32, some of them again.
	LEAQ    32(DX), R9
	CMPQ    R9, CX
	JA      last
	VMOVDQU (SI)(DX*1), Y0
	VMOVDQU -1(SI)(DX*1), Y2
	VMOVDQU -2(SI)(DX*1), Y3
	VMOVDQU -3(SI)(DX*1), Y4
	CHECK(Y0, Y2, Y3, Y4, Y8)
	VPTEST  Y8, Y8
	JNZ     done
	MOVQ    R9, DX

last:
	CMPQ    DX, CX
	JE      done
	CMPQ    CX, $35                 // below, the three bytes before would lie before p
	JB      done
	VMOVDQU -32(SI)(CX*1), Y0
	VMOVDQU -33(SI)(CX*1), Y2
	VMOVDQU -34(SI)(CX*1), Y3
	VMOVDQU -35(SI)(CX*1), Y4
	CHECK(Y0, Y2, Y3, Y4, Y8)
	VPTEST  Y8, Y8
	JNZ     done

all:
	MOVQ CX, DX

done:
	VZEROUPPER
	MOVQ DX, ret+16(FP)
	RET

short:
	// 16 to 31 bytes: the first 16 and the last, in the low halves of the vectors. The high halves are zero, which is
	// ASCII after ASCII.
	VMOVDQU   (SI), X0
	VPOR      -16(SI)(CX*1), X0, X1
	VPMOVMSKB X1, AX
	TESTL     AX, AX
	JZ        all
	TABLES
	VPSLLDQ   $1, X0, X2
	VPSLLDQ   $2, X0, X3
	VPSLLDQ   $3, X0, X4
	CHECK(Y0, Y2, Y3, Y4, Y8)
	VPTEST    Y8, Y8
	JNZ       done
	MOVQ      $16, DX
	CMPQ      CX, $19               // below, the three bytes before would lie before p
	JB        done
	VMOVDQU   -16(SI)(CX*1), X0
	VMOVDQU   -17(SI)(CX*1), X2
	VMOVDQU   -18(SI)(CX*1), X3
	VMOVDQU   -19(SI)(CX*1), X4
	CHECK(Y0, Y2, Y3, Y4, Y8)
	VPTEST    Y8, Y8
	JNZ       done
	JMP       all
