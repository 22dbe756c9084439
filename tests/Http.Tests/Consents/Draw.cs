namespace HealthChain.Http.Tests.Consents;

/// <summary>Random choices of which all follow from one seed.</summary>
internal sealed class Draw(int seed)
{
    private readonly Random _random = new(seed);

    public int Below(int limit) => _random.Next(limit);

    public bool Chance(double probability) => _random.NextDouble() < probability;

    public T Pick<T>(params IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    /// <summary>Some of them, at least one.</summary>
    public IReadOnlyList<T> Some<T>(IReadOnlyList<T> choices, int atMost) =>
        [.. Enumerable.Range(0, 1 + Below(Math.Min(atMost, choices.Count))).Select(_ => Pick(choices)).Distinct()];
}
