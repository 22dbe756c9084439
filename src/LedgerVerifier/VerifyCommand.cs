using System.Diagnostics.CodeAnalysis;
using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerVerifier;

/// <summary>Verifies a receipt on somebody else's machine, without the server and without a network.</summary>
internal static class VerifyCommand
{
    /// <summary>The receipt is proven, and the content, if one was given, is what it speaks of.</summary>
    public const int Proven = 0;

    public const int NotProven = 1;

    /// <summary>Wrong arguments, or files that cannot be read: nothing was verified.</summary>
    public const int NotTried = 2;

    private const string Usage = """
        healthchain-verify RECEIPT (--key VKEY ... | --policy FILE) [--content FILE]

          RECEIPT         a file as $receipt serves it (.tlog-proof)
          --key VKEY      a key of the log, name+id+base64, from somebody you trust; may be repeated
          --policy FILE   logs, witnesses and quorum, as https://c2sp.org/tlog-policy
          --content FILE  the JSON of the version, exactly as the server sends it: is it what the receipt speaks of?

        Exit codes: 0 proven, 1 not proven, 2 nothing was verified.
        """;

    public static int Run(string[] arguments, TextWriter output, TextWriter errors)
    {
        if (!TryReadArguments(arguments, out var options))
        {
            errors.WriteLine(Usage);
            return NotTried;
        }

        if (!TryReadFile(options.Receipt, Receipt.MaxBytes, errors, out var receipt) || !TryReadPolicy(options, errors, out var policy))
        {
            return NotTried;
        }

        byte[]? content = null;
        if (options.Content is not null && !TryReadFile(options.Content, int.MaxValue, errors, out content))
        {
            return NotTried;
        }

        if (!new ReceiptVerifier(policy).TryVerify(receipt, out var proven, out var problem))
        {
            output.WriteLine($"NOT PROVEN: {problem}.");
            return NotProven;
        }

        if (content is not null && ProblemOf(content, proven.Statement) is { } mismatch)
        {
            output.WriteLine($"NOT PROVEN: {mismatch}.");
            return NotProven;
        }

        output.WriteLine("PROVEN");
        foreach (var line in ReceiptReport.Lines(proven))
        {
            output.WriteLine(line);
        }

        if (content is not null)
        {
            output.WriteLine("The content is the one that the statement names.");
        }

        return Proven;
    }

    private static string? ProblemOf(byte[] content, Statement statement)
    {
        var named = statement switch
        {
            VersionStatement version => version.Content,
            AccessStatement access => access.Body,
            ErasureStatement erasure => erasure.Body,
            EventStatement happened => happened.Body,
            _ => default,
        };
        if (named.IsZero)
        {
            return "the receipt is good but speaks of a deletion, which has no content";
        }

        return named == Hash256.Of(content) ? null : "the receipt is good but speaks of other content";
    }

    private static bool TryReadPolicy(Options options, TextWriter errors, [NotNullWhen(true)] out TrustPolicy? policy)
    {
        policy = null;
        if (options.Policy is { } file)
        {
            if (!TryReadFile(file, 1 << 20, errors, out var bytes))
            {
                return false;
            }

            if (TrustPolicy.TryRead(Encoding.UTF8.GetString(bytes), out policy, out var problem))
            {
                return true;
            }

            errors.WriteLine($"{file}: {problem}.");
            return false;
        }

        var keys = new List<NoteVerifier>();
        foreach (var text in options.Keys)
        {
            if (!NoteVerifier.TryParse(text, out var key, out var problem) || key.Type != NoteKeyType.Ed25519)
            {
                errors.WriteLine($"--key: {problem ?? "the key is a witness's; name it in a policy"}.");
                return false;
            }

            if (!keys.Contains(key))
            {
                keys.Add(key);
            }
        }

        policy = TrustPolicy.Of(keys, [], 0);
        return true;
    }

    private static bool TryReadFile(string path, int most, TextWriter errors, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        try
        {
            if (new FileInfo(path).Length > most)
            {
                errors.WriteLine($"{path} is longer than {most} bytes.");
                return false;
            }

            bytes = File.ReadAllBytes(path);
            return true;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{path} cannot be read: {unreadable.Message}");
            return false;
        }
    }

    private static bool TryReadArguments(string[] arguments, [NotNullWhen(true)] out Options? options)
    {
        options = null;
        string? receipt = null, policy = null, content = null;
        var keys = new List<string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal) && receipt is null)
            {
                receipt = arguments[i];
                continue;
            }

            if (i + 1 == arguments.Length)
            {
                return false;
            }

            var value = arguments[i + 1];
            switch (arguments[i++])
            {
                case "--key":
                    keys.Add(value);
                    break;
                case "--policy" when policy is null:
                    policy = value;
                    break;
                case "--content" when content is null:
                    content = value;
                    break;
                default:
                    return false;
            }
        }

        if (receipt is null || keys.Count > 0 == policy is not null)
        {
            return false;
        }

        options = new Options(receipt, keys, policy, content);
        return true;
    }

    private sealed record Options(string Receipt, IReadOnlyList<string> Keys, string? Policy, string? Content);
}
