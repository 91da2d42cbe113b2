/// Papilla's version: in `--version`, in every report, and in the package.
public enum Version {
    /// Semantic version.
    public static let current = "0.1.0"
}
