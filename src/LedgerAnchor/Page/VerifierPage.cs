using System.Security.Cryptography;
using System.Text;

namespace HealthChain.LedgerAnchor.Page;

/// <summary>A page that verifies receipts in the browser: one file, which fetches nothing and may be saved and used without a network.</summary>
public static class VerifierPage
{
    public const string ContentType = "text/html; charset=utf-8";

    private const string ScriptMark = "/* receipt.mjs */";

    private static readonly string Text = Read("verify.html").Replace(ScriptMark, Read("receipt.mjs"), StringComparison.Ordinal);

    public static ReadOnlyMemory<byte> Html { get; } = Encoding.UTF8.GetBytes(Text);

    /// <summary>Lets the browser run this script and nothing else, and talk to nobody.</summary>
    public static string ContentSecurityPolicy { get; } =
        $"default-src 'none'; script-src {HashOf("<script type=\"module\">", "</script>")}; style-src {HashOf("<style>", "</style>")}; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static string HashOf(string from, string to)
    {
        var start = Text.IndexOf(from, StringComparison.Ordinal) + from.Length;
        var content = Text[start..Text.LastIndexOf(to, StringComparison.Ordinal)];
        return $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}'";
    }

    private static string Read(string name)
    {
        using var stream = typeof(VerifierPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
