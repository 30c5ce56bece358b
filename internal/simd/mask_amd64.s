//go:build !purego

// This file masks with AVX2. No byte is masked in a loop of its own: what does not fill a whole number of vectors is
// covered by vectors that overlap. Masking may happen in place, so where two vectors overlap both are loaded before
// either is stored: each then holds bytes that were masked once, and it does not matter which is stored last.

#include "textflag.h"

// func maskAVX2(dst, src *byte, n int, key uint32)
//
// DI dst, SI src, R8 bytes left, AX key
// Y0 key as it applies at the place of DI, Y1 key as it applies at vectors that are counted from the end
TEXT ·maskAVX2(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), R8
	MOVL key+24(FP), AX

	// A vector's length is a multiple of four: one that starts k vectors before the end starts in phase n mod 4.
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0
	LEAL         (R8*8), CX
	MOVL         AX, DX
	RORL         CL, DX             // by 8n mod 32 bits
	VMOVD        DX, X1
	VPBROADCASTD X1, Y1

	CMPQ R8, $128
	JA   long
	CMPQ R8, $64
	JA   four

	// 32 to 64 bytes: the first vector and the last.
	VPXOR   (SI), Y0, Y2
	VPXOR   -32(SI)(R8*1), Y1, Y3
	VMOVDQU Y2, (DI)
	VMOVDQU Y3, -32(DI)(R8*1)
	VZEROUPPER
	RET

four:
	// 65 to 128 bytes: the first two vectors and the last two.
	VPXOR   (SI), Y0, Y2
	VPXOR   32(SI), Y0, Y3
	VPXOR   -64(SI)(R8*1), Y1, Y4
	VPXOR   -32(SI)(R8*1), Y1, Y5
	VMOVDQU Y2, (DI)
	VMOVDQU Y3, 32(DI)
	VMOVDQU Y4, -64(DI)(R8*1)
	VMOVDQU Y5, -32(DI)(R8*1)
	VZEROUPPER
	RET

long:
	// The first vector (Y2) and the last four (Y3 to Y6) wait in registers while the loop runs between them, and
	// are stored when it is done.
	VPXOR (SI), Y0, Y2
	VPXOR -128(SI)(R8*1), Y1, Y3
	VPXOR -96(SI)(R8*1), Y1, Y4
	VPXOR -64(SI)(R8*1), Y1, Y5
	VPXOR -32(SI)(R8*1), Y1, Y6
	MOVQ  DI, R9                    // where Y2 goes
	LEAQ  (DI)(R8*1), R10           // where Y3 to Y6 end

	// The loop stores to aligned addresses: it starts 1 to 32 bytes in, with the key turned by as many.
	MOVQ         DI, CX
	ANDQ         $31, CX
	SUBQ         $32, CX
	SUBQ         CX, DI
	SUBQ         CX, SI
	ADDQ         CX, R8
	NEGQ         CX
	SHLL         $3, CX
	RORL         CL, AX
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0

	SUBQ $128, R8
	JBE  ends

loop:
	VPXOR   (SI), Y0, Y7
	VPXOR   32(SI), Y0, Y8
	VPXOR   64(SI), Y0, Y9
	VPXOR   96(SI), Y0, Y10
	VMOVDQA Y7, (DI)
	VMOVDQA Y8, 32(DI)
	VMOVDQA Y9, 64(DI)
	VMOVDQA Y10, 96(DI)
	ADDQ    $128, SI
	ADDQ    $128, DI
	SUBQ    $128, R8
	JA      loop

ends:
	VMOVDQU Y2, (R9)
	VMOVDQU Y3, -128(R10)
	VMOVDQU Y4, -96(R10)
	VMOVDQU Y5, -64(R10)
	VMOVDQU Y6, -32(R10)
	VZEROUPPER
	RET

// func maskAVX512(dst, src *byte, n int, key uint32)
//
// The way of maskAVX2 from "long" on, with vectors of 64 bytes, and the last four of them waiting. At 4 KiB it takes a
// fifth less time (BenchmarkMaskImplementations). The registers from Z16 on have no part in common with those of SSE, so
// that no VZEROUPPER is needed.
//
// DI dst, SI src, R8 where the last four vectors go, AX key, R9 where dst starts, R10 where it ends
// Z16 key as it applies at the place of DI, Z17 key as it applies at vectors that are counted from the end
TEXT ·maskAVX512(SB), NOSPLIT, $0-28
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), R8
	MOVL key+24(FP), AX

	LEAL         (R8*8), CX
	MOVL         AX, DX
	RORL         CL, DX
	VPBROADCASTD AX, Z16
	VPBROADCASTD DX, Z17

	VPXORD (SI), Z16, Z18
	VPXORD -256(SI)(R8*1), Z17, Z19
	VPXORD -192(SI)(R8*1), Z17, Z20
	VPXORD -128(SI)(R8*1), Z17, Z21
	VPXORD -64(SI)(R8*1), Z17, Z22
	MOVQ   DI, R9                   // where Z18 goes
	LEAQ   (DI)(R8*1), R10          // where Z19 to Z22 end

	// The loop starts k bytes in, where an address is a multiple of 64, and of 4: turned right by k bytes, the key is what
	// it is turned left by DI bytes.
	LEAL         (DI*8), CX
	ROLL         CL, AX
	VPBROADCASTD AX, Z16
	ORQ          $63, DI
	INCQ         DI
	MOVQ         DI, CX
	SUBQ         R9, CX
	ADDQ         CX, SI
	LEAQ         -256(R10), R8      // where the last four begin

wide:
	VPXORD    (SI), Z16, Z23
	VPXORD    64(SI), Z16, Z24
	VPXORD    128(SI), Z16, Z25
	VPXORD    192(SI), Z16, Z26
	VMOVDQA64 Z23, (DI)
	VMOVDQA64 Z24, 64(DI)
	VMOVDQA64 Z25, 128(DI)
	VMOVDQA64 Z26, 192(DI)
	ADDQ      $256, SI
	ADDQ      $256, DI
	CMPQ      DI, R8
	JB        wide

	VMOVDQU64 Z18, (R9)
	VMOVDQU64 Z19, -256(R10)
	VMOVDQU64 Z20, -192(R10)
	VMOVDQU64 Z21, -128(R10)
	VMOVDQU64 Z22, -64(R10)
	RET
