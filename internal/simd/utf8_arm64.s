//go:build !purego

// This file validates UTF-8 with NEON, in the way of utf8_amd64.s but with vectors of 16 bytes, four to a block.
// utf8_lookup.go explains the algorithm and holds the tables.

#include "textflag.h"

// CHECK ORs into V9 what is wrong in the 16 bytes of in. V5, V6 and V7 hold the 16 bytes that lie one, two and three
// before. V5 to V8 are destroyed.
#define CHECK(in) \
	VAND  V21.B16, V5.B16, V8.B16    \
	VUSHR $4, V5.B16, V5.B16         \
	VUSHR $4, V6.B16, V6.B16         \
	VUSHR $4, V7.B16, V7.B16         \
	VTBL  V5.B16, [V16.B16], V5.B16  \
	VTBL  V8.B16, [V17.B16], V8.B16  \
	VTBL  V6.B16, [V19.B16], V6.B16  \
	VTBL  V7.B16, [V20.B16], V7.B16  \
	VAND  V8.B16, V5.B16, V5.B16     \
	VUSHR $4, in.B16, V8.B16         \
	VTBL  V8.B16, [V18.B16], V8.B16  \
	VORR  V7.B16, V6.B16, V6.B16     \
	VAND  V8.B16, V5.B16, V5.B16     \
	VEOR  V6.B16, V5.B16, V5.B16     \
	VORR  V5.B16, V9.B16, V9.B16

// FOLLOW is CHECK where prev holds the 16 bytes before in.
#define FOLLOW(prev, in) \
	VEXT $15, in.B16, prev.B16, V5.B16 \
	VEXT $14, in.B16, prev.B16, V6.B16 \
	VEXT $13, in.B16, prev.B16, V7.B16 \
	CHECK(in)

// FOLD ORs the halves of v into R5.
#define FOLD(v) \
	VMOV v.D[0], R5 \
	VMOV v.D[1], R6 \
	ORR  R6, R5, R5

// func utf8NEON(p *byte, n int) int
//
// R0 p, R1 n, R7 the end of p
// R2 how many bytes are known to be right so far: a multiple of 16, and what is returned when something is wrong
// R3 p + R2, R4 what R2 becomes if the block is right
// V0 to V3 a block, V4 the 16 bytes before it, V9 what is wrong, V16 to V20 utf8Tables, V21 the low half of each byte
//
// ASCII and other text have a loop each. The one for ASCII is entered only where no character is under way.
TEXT ·utf8NEON(SB), NOSPLIT, $0-24
	MOVD p+0(FP), R0
	MOVD n+8(FP), R1
	MOVD R0, R3
	ADD  R0, R1, R7
	MOVD $0, R2

	CMP  $64, R1
	BHS  ascii

	// Less than 64 bytes: if the vectors at both ends, which overlap, are ASCII, then that is all.
	SUB  $16, R7, R8
	VLD1 (R0), [V0.B16]
	VLD1 (R8), [V1.B16]
	VORR V1.B16, V0.B16, V0.B16
	CMP  $32, R1
	BLS  asciiShort
	ADD  $16, R0, R8
	VLD1 (R8), [V2.B16]
	SUB  $32, R7, R8
	VLD1 (R8), [V3.B16]
	VORR V3.B16, V2.B16, V2.B16
	VORR V2.B16, V0.B16, V0.B16

asciiShort:
	FOLD(V0)
	TST $0x8080808080808080, R5
	BNE other
	B   all

ascii:
	ADD  $64, R2, R4
	CMP  R1, R4
	BHI  asciiEnd
	VLD1 (R3), [V0.B16, V1.B16, V2.B16, V3.B16]
	VORR V1.B16, V0.B16, V0.B16
	VORR V3.B16, V2.B16, V2.B16
	VORR V2.B16, V0.B16, V0.B16
	FOLD(V0)
	TST  $0x8080808080808080, R5
	BNE  other
	MOVD R4, R2
	ADD  $64, R3
	B    ascii

asciiEnd:
	// Less than 64 bytes are left: the last 64 are looked at, some of them again.
	CMP  $64, R1
	BLO  other
	SUB  $64, R7, R8
	VLD1 (R8), [V0.B16, V1.B16, V2.B16, V3.B16]
	VORR V1.B16, V0.B16, V0.B16
	VORR V3.B16, V2.B16, V2.B16
	VORR V2.B16, V0.B16, V0.B16
	FOLD(V0)
	TST  $0x8080808080808080, R5
	BEQ  all

other:
	MOVD   $·utf8Tables(SB), R8
	VLD1.P 64(R8), [V16.B16, V17.B16, V18.B16, V19.B16]
	VLD1   (R8), [V20.B16]
	VMOVI  $15, V21.B16
	VEOR   V9.B16, V9.B16, V9.B16
	VEOR   V4.B16, V4.B16, V4.B16     // nothing lies before the first byte: zeros, which are ASCII
	CBZ    R2, loop
	SUB    $16, R3, R8
	VLD1   (R8), [V4.B16]

loop:
	ADD  $64, R2, R4
	CMP  R1, R4
	BHI  ends
	VLD1 (R3), [V0.B16, V1.B16, V2.B16, V3.B16]
	FOLLOW(V4, V0)
	FOLLOW(V0, V1)
	FOLLOW(V1, V2)
	FOLLOW(V2, V3)
	FOLD(V9)
	CBNZ R5, done
	VORR V1.B16, V0.B16, V0.B16
	VORR V3.B16, V2.B16, V2.B16
	VORR V2.B16, V0.B16, V0.B16
	VMOV V3.B16, V4.B16
	MOVD R4, R2
	ADD  $64, R3
	FOLD(V0)
	TST  $0x8080808080808080, R5
	BNE  loop
	B    ascii                        // what was under way before these 64 bytes is complete, or they would be wrong

ends:
	// Less than 64 bytes are left: vectors from R3 on, and the last 16 bytes, some of them again.
	ADD  $16, R2, R4
	CMP  R1, R4
	BHI  last
	VLD1 (R3), [V0.B16]
	FOLLOW(V4, V0)
	FOLD(V9)
	CBNZ R5, done
	VMOV V0.B16, V4.B16
	MOVD R4, R2
	ADD  $16, R3
	B    ends

last:
	CMP  R1, R2
	BEQ  done
	CMP  $19, R1                      // below, the three bytes before would lie before p
	BLO  done
	SUB  $16, R7, R8
	VLD1 (R8), [V0.B16]
	SUB  $1, R8
	VLD1 (R8), [V5.B16]
	SUB  $1, R8
	VLD1 (R8), [V6.B16]
	SUB  $1, R8
	VLD1 (R8), [V7.B16]
	CHECK(V0)
	FOLD(V9)
	CBNZ R5, done

all:
	MOVD R1, R2

done:
	MOVD R2, ret+16(FP)
	RET
