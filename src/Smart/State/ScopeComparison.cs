using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.State;

internal static class ScopeComparison
{
    /// <summary>Whether scopes give nothing that others do not give.</summary>
    public static bool IsWithin(this ScopeSet scopes, ScopeSet wider) =>
        scopes.Others.All(wider.Has) && scopes.Resources.All(scope => (scope.Permissions & ~Covered(scope, wider)) == 0);

    /// <summary>Several scopes together may cover one: <c>.r</c> and <c>.s</c> cover <c>.rs</c>.</summary>
    private static Permissions Covered(ResourceScope scope, ScopeSet wider) =>
        wider.Resources.Where(other => IsOver(other, scope)).Aggregate(Permissions.None, (all, other) => all | other.Permissions);

    private static bool IsOver(ResourceScope other, ResourceScope scope) =>
        other.Context == scope.Context
        && (other.Type == ResourceScope.AllTypes || other.Type == scope.Type)
        && (other.Query.Length == 0 || other.Query == scope.Query);
}
