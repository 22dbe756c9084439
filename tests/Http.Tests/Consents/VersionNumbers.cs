namespace HealthChain.Http.Tests.Consents;

/// <summary>
/// Which number a version has in a part of a world. A resource of which some versions are withheld has fewer in the store without them; that it has
/// an older one is all that the number of a version tells.
/// </summary>
internal sealed class VersionNumbers
{
    private readonly Dictionary<string, int[]> _wholeByHere;
    private readonly HashSet<string> _differing;

    /// <param name="part">What a server has.</param>
    /// <param name="other">What the server has with which it is compared.</param>
    public VersionNumbers(World part, World whole, World other)
    {
        _differing = [.. Numbers(part, whole).Keys, .. Numbers(other, whole).Keys];
        _wholeByHere = Numbers(part, whole);
    }

    /// <summary>Whether versions of the resource have different numbers on the two servers.</summary>
    public bool Differs(string key) => _differing.Contains(key);

    /// <summary>The number here of a version of the whole; one that no version has, as long as all others, for one that is not here.</summary>
    public int Here(string key, int whole) =>
        !_wholeByHere.TryGetValue(key, out int[]? numbers) ? whole
        : whole > numbers[^1] ? whole - numbers[^1] + numbers.Length
        : Array.IndexOf(numbers, whole) is var index and >= 0 ? index + 1
        : 9;

    /// <summary>The number in the whole of a version here; what was written later goes on from the newest.</summary>
    public int Whole(string key, int here) =>
        !_wholeByHere.TryGetValue(key, out int[]? numbers) ? here
        : here > numbers.Length ? here - numbers.Length + numbers[^1]
        : numbers[here - 1];

    private static Dictionary<string, int[]> Numbers(World part, World whole) => part.Steps.Select(step => step.Key).Distinct()
        .Select(key => (Key: key, Numbers: NumbersOf(part.VersionsOf(key), whole.VersionsOf(key))))
        .Where(resource => resource.Numbers[^1] != resource.Numbers.Length)
        .ToDictionary(resource => resource.Key, resource => resource.Numbers);

    private static int[] NumbersOf(IReadOnlyList<Step> here, IReadOnlyList<Step> whole) => [.. here.Select(step => whole.Index().First(other => ReferenceEquals(other.Item, step)).Index + 1)];
}
