import Glibc

/// The target that $PAPILLA_TARGET names; without it the program lists them, one a line, and ends. libFuzzer, whose main this program has,
/// calls these two functions by their names. Built and run by Tests/Fuzzing/run.
private let chosen: ([UInt8]) -> Void = {
    guard let name = getenv("PAPILLA_TARGET").map({ String(cString: $0) }) else {
        print(targets.keys.sorted().joined(separator: "\n"))
        exit(0)
    }
    guard let target = targets[name] else {
        print("There is no target \(name)")
        exit(64)
    }
    return target
}()

/// Before the first input.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_: UnsafeMutablePointer<CInt>?, _: UnsafeMutableRawPointer?) -> CInt {
    _ = chosen
    return 0
}

/// One input.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
