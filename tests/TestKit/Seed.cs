using System.Globalization;

namespace HealthChain.TestKit;

/// <summary>
/// Where a random test begins. The same each time, so that it fails only where something changed; <c>HEALTHCHAIN_SEED</c> begins elsewhere, for long runs and
/// for going back to a case.
/// </summary>
public static class Seed
{
    public static int Or(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("HEALTHCHAIN_SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out int seed) ? seed : usual;
}
