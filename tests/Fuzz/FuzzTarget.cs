namespace HealthChain.Fuzz;

/// <summary>Something that takes outside input and must never throw, hang, or break its own promises.</summary>
public abstract class FuzzTarget
{
    /// <summary>Name on the command line and of its folder in the corpus.</summary>
    public abstract string Name { get; }

    /// <summary>Good inputs to start from; mutations of them reach deeper than noise does.</summary>
    public abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Pieces of the input language that mutations splice in.</summary>
    public abstract IReadOnlyList<byte[]> Dictionary { get; }

    /// <summary>Runs one input. Any exception that comes out is a finding; a broken promise is reported by throwing one.</summary>
    public abstract void Run(byte[] input);

    protected static void Promise(bool kept, string promise)
    {
        if (!kept)
        {
            throw new InvalidOperationException($"Broken promise: {promise}");
        }
    }

    protected static byte[][] Words(params string[] words) => [.. words.Select(System.Text.Encoding.UTF8.GetBytes)];
}
