internal import COneDNN
internal import Screening

/// The CPU as oneDNN uses it: one engine, one stream, and what its instructions are good for.
///
/// A network is a list of ``Primitive``s over ``Tensor``s; each is made once and run many times. Nothing here is `Sendable`:
/// whoever makes these objects runs them on one thread, since every thread that enters OpenMP brings a pool of its own.
public enum Processor {
    /// The instruction set that oneDNN uses here, in its own words: `avx2`, `avx512_core`, `avx512_core_vnni`, ...
    public static var instructionSet: String {
        let name = String(cString: dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa()))
        return name.hasPrefix("cpu_isa_") ? String(name.dropFirst(8)) : name
    }

    /// Whether the CPU multiplies bytes and sums them in 32 bits at once (VNNI), which is what makes integer code the faster one.
    public static var hasFastIntegers: Bool { ["vnni", "bf16", "amx"].contains { instructionSet.contains($0) } }

    /// Whether the CPU multiplies matrices of bf16 (AMX). Where it has AVX-512's instructions for bf16 alone, which are twice as fast as
    /// fp32's, Winograd's fp32, which needs a quarter of the multiplications, is the faster one.
    public static var hasFastHalves: Bool { instructionSet.contains("amx") }
    /// Whether there is code for bf16 at all: with AVX-512, by way of fp32 where the CPU has none of its own.
    public static var hasHalves: Bool { block == 16 }

    /// Channels in a block of an activation: 16 with AVX-512, else 8.
    public static let block = block(ofInstructionSet: dnnl_get_effective_cpu_isa().rawValue)

    /// The same by oneDNN's number, a bit for each step: avx2_vnni is a greater number than avx512_core and does not contain it.
    static func block(ofInstructionSet bits: UInt32) -> Int {
        let avx512 = dnnl_cpu_isa_avx512_core.rawValue
        return bits & avx512 == avx512 ? 16 : 8
    }

    // oneDNN's engine is immutable once made, and the stream is used by the one thread that runs networks.
    nonisolated(unsafe) static let engine: dnnl_engine_t? = {
        var engine: dnnl_engine_t?
        return dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success ? engine : nil
    }()
    nonisolated(unsafe) static let stream: dnnl_stream_t? = {
        var stream: dnnl_stream_t?
        return dnnl_stream_create(&stream, engine, UInt32(dnnl_stream_default_flags.rawValue)) == dnnl_success ? stream : nil
    }()

    /// Turns a status into an error that names the call.
    static func check(_ status: dnnl_status_t, _ call: @autoclosure () -> String) throws(PapillaError) {
        guard status != dnnl_success else { return }
        if status == dnnl_out_of_memory {
            throw PapillaError(
                .system, "Not enough memory for a network", place: call(), hint: "Free memory or use a smaller model",
                isRetryable: true)
        }
        throw PapillaError(.internal, "oneDNN refused a call with status \(status.rawValue)", place: call())
    }
}
