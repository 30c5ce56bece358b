package compress

import "testing"

func BenchmarkCompress(b *testing.B) {
	for _, k := range Kinds {
		for _, c := range Compressors {
			b.Run(k.Name+"/"+c.Name, func(b *testing.B) {
				f := c.Make(k.Takeover)
				in, out := 0, 0
				for _, m := range k.Messages {
					in, out = in+len(m), out+len(f(m))
				}
				b.SetBytes(int64(in / len(k.Messages)))
				for i := 0; b.Loop(); i++ {
					f(k.Messages[i%len(k.Messages)])
				}
				b.ReportMetric(float64(out)/float64(len(k.Messages)), "bytes/message")
			})
		}
	}
}

// BenchmarkDecompress gives all the same payloads: ours at the default level.
func BenchmarkDecompress(b *testing.B) {
	for _, k := range Kinds {
		first, second := Payloads(k.Messages, k.Takeover)
		if second == nil {
			continue
		}
		in := 0
		for _, m := range k.Messages {
			in += len(m)
		}
		for _, d := range Decompressors {
			b.Run(k.Name+"/"+d.Name, func(b *testing.B) {
				f := d.Make(k.Takeover)
				for _, p := range first {
					f(p)
				}
				b.SetBytes(int64(in / len(second)))
				for i := 0; b.Loop(); i++ {
					if m := f(second[i%len(second)]); len(m) != len(k.Messages[i%len(second)]) {
						b.Fatal("decompressed to another length")
					}
				}
			})
		}
	}
}
