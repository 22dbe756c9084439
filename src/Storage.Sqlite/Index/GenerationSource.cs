namespace HealthChain.Storage.Sqlite.Index;

/// <summary>Where readers find the generations of the moment. The writer alone changes them.</summary>
internal sealed class GenerationSource(GenerationSet first)
{
    private GenerationSet _current = first;

    public GenerationSet Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }
}
