namespace HealthChain.TestKit;

/// <summary>Finds the files of this repository, and of the folder of outside suites that may stand beside it.</summary>
public static class Repository
{
    private static readonly string[] NotOurs = ["artifacts", "node_modules", ".git", "bin", "obj"];

    /// <summary>The folder of the solution, found by walking up from the test's own assembly.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>
    /// The outside suites: <c>HEALTHCHAIN_SHARED</c>, or the folder <c>shared</c> beside the repository; null where there is none.
    /// </summary>
    public static string? Shared { get; } = FindShared();

    /// <summary>A file or folder of the repository by its path with forward slashes.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative);

    /// <summary>The path relative to the root, with forward slashes, for messages.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>All files below a folder of the repository that are not build output or packages.</summary>
    public static IEnumerable<string> Files(string folder = "", string pattern = "*")
    {
        var start = PathOf(folder);
        return Directory.Exists(start) ? Walk(start, pattern) : [];
    }

    private static IEnumerable<string> Walk(string folder, string pattern)
    {
        foreach (var file in Directory.EnumerateFiles(folder, pattern))
        {
            yield return file;
        }

        foreach (var child in Directory.EnumerateDirectories(folder))
        {
            if (!NotOurs.Contains(Path.GetFileName(child)))
            {
                foreach (var file in Walk(child, pattern))
                {
                    yield return file;
                }
            }
        }
    }

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "HealthChain.sln")))
            {
                return folder;
            }
        }

        throw new DirectoryNotFoundException($"HealthChain.sln stands in no folder above {AppContext.BaseDirectory}.");
    }

    private static string? FindShared()
    {
        var candidate = Environment.GetEnvironmentVariable("HEALTHCHAIN_SHARED") ?? Path.Combine(Root, "..", "shared");
        return Directory.Exists(candidate) ? Path.GetFullPath(candidate) : null;
    }
}
