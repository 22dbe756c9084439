namespace HealthChain.Load;

/// <summary>What the command line may say; what it leaves out, each scenario knows.</summary>
internal sealed record LoadOptions
{
    public int? Connections { get; private init; }

    public TimeSpan Duration { get; private init; } = TimeSpan.FromSeconds(3);

    public TimeSpan WarmUp { get; private init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often server and reference take turns.</summary>
    public int Rounds { get; private init; } = 5;

    /// <summary>Length of an Observation.</summary>
    public int Bytes { get; private init; } = 2048;

    /// <summary>How many resources are loaded before.</summary>
    public long? Resources { get; private init; }

    /// <summary>Leaves the reference out: for profilers.</summary>
    public bool IsAlone { get; private init; }

    /// <summary>Where data folders are made.</summary>
    public string Folder { get; private init; } = Path.GetTempPath();

    /// <summary>A data folder that stays: what a run loaded into it, the next need not load again.</summary>
    public string? Kept { get; private init; }

    /// <summary>Further arguments for the server.</summary>
    public string[] Server { get; init; } = [];

    /// <summary>Reads <c>--name value</c> pairs and <c>--alone</c>; everything after <c>--server</c> goes to the server.</summary>
    public static LoadOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new LoadOptions();
        while (!arguments.IsEmpty)
        {
            if (arguments[0] == "--server")
            {
                return options with { Server = [.. arguments[1..]] };
            }

            if (arguments[0] == "--alone")
            {
                options = options with { IsAlone = true };
                arguments = arguments[1..];
                continue;
            }

            var value = arguments.Length > 1 ? arguments[1] : throw new FormatException($"{arguments[0]} needs a value.");
            options = arguments[0] switch
            {
                "--connections" => options with { Connections = int.Parse(value) },
                "--seconds" => options with { Duration = TimeSpan.FromSeconds(double.Parse(value)) },
                "--warm-up" => options with { WarmUp = TimeSpan.FromSeconds(double.Parse(value)) },
                "--rounds" => options with { Rounds = int.Parse(value) },
                "--bytes" => options with { Bytes = int.Parse(value) },
                "--resources" => options with { Resources = long.Parse(value) },
                "--folder" => options with { Folder = value },
                "--keep" => options with { Kept = value },
                var name => throw new FormatException($"{name} is not an option."),
            };
            arguments = arguments[2..];
        }

        return options;
    }
}
