//go:build !purego

// This file masks with NEON, in the way of mask_amd64.s: vectors that overlap instead of loops over bytes, and where
// two overlap both are loaded before either is stored.

#include "textflag.h"

// func maskNEON(dst, src *byte, n int, key uint32)
//
// R0 dst, R1 src, R2 bytes left, R3 key
// V0 key as it applies at R0, V1 key as it applies at vectors that are counted from the end
TEXT ·maskNEON(SB), NOSPLIT, $0-28
	MOVD  dst+0(FP), R0
	MOVD  src+8(FP), R1
	MOVD  n+16(FP), R2
	MOVWU key+24(FP), R3

	// A vector's length is a multiple of four: one that starts k vectors before the end starts in phase n mod 4.
	LSL  $3, R2, R4
	RORW R4, R3, R5                 // by 8n mod 32 bits
	VDUP R3, V0.S4
	VDUP R5, V1.S4
	ADD  R1, R2, R6                 // the end of src
	ADD  R0, R2, R7                 // the end of dst

	CMP $64, R2
	BHI long
	CMP $32, R2
	BHI four

	// 16 to 32 bytes: the first vector and the last.
	SUB  $16, R6
	SUB  $16, R7
	VLD1 (R1), [V2.B16]
	VLD1 (R6), [V3.B16]
	VEOR V0.B16, V2.B16, V2.B16
	VEOR V1.B16, V3.B16, V3.B16
	VST1 [V2.B16], (R0)
	VST1 [V3.B16], (R7)
	RET

four:
	// 33 to 64 bytes: the first two vectors and the last two.
	SUB  $32, R6
	SUB  $32, R7
	VLD1 (R1), [V2.B16, V3.B16]
	VLD1 (R6), [V4.B16, V5.B16]
	VEOR V0.B16, V2.B16, V2.B16
	VEOR V0.B16, V3.B16, V3.B16
	VEOR V1.B16, V4.B16, V4.B16
	VEOR V1.B16, V5.B16, V5.B16
	VST1 [V2.B16, V3.B16], (R0)
	VST1 [V4.B16, V5.B16], (R7)
	RET

long:
	// The last four vectors (V2 to V5) wait in registers while the loop runs up to them, and are stored when it is
	// done.
	SUB  $64, R6
	SUB  $64, R7
	VLD1 (R6), [V2.B16, V3.B16, V4.B16, V5.B16]
	VEOR V1.B16, V2.B16, V2.B16
	VEOR V1.B16, V3.B16, V3.B16
	VEOR V1.B16, V4.B16, V4.B16
	VEOR V1.B16, V5.B16, V5.B16
	SUB  $64, R2

loop:
	VLD1.P 64(R1), [V6.B16, V7.B16, V8.B16, V9.B16]
	VEOR   V0.B16, V6.B16, V6.B16
	VEOR   V0.B16, V7.B16, V7.B16
	VEOR   V0.B16, V8.B16, V8.B16
	VEOR   V0.B16, V9.B16, V9.B16
	VST1.P [V6.B16, V7.B16, V8.B16, V9.B16], 64(R0)
	SUBS   $64, R2
	BHI    loop

	VST1 [V2.B16, V3.B16, V4.B16, V5.B16], (R7)
	RET
