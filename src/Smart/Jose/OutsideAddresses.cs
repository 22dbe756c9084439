using System.Net;

namespace HealthChain.Smart.Jose;

/// <summary>
/// Which IP addresses are of the public internet, after the registries of special addresses
/// (https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry).
/// </summary>
internal static class OutsideAddresses
{
    private static readonly IPNetwork[] Special =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("127.0.0.0/8"),
        // The metadata of cloud machines among others.
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("192.88.99.0/24"),
        IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("198.51.100.0/24"), IPNetwork.Parse("203.0.113.0/24"),
        IPNetwork.Parse("224.0.0.0/3"),
        // The host agent of Azure, a public address that only a machine there reaches.
        IPNetwork.Parse("168.63.129.16/32"),
        // Within the global addresses: protocols, tunnels that end at an IPv4 address of anybody's choice, documentation.
        IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("2002::/16"), IPNetwork.Parse("3fff::/20"),
    ];

    /// <summary>Of IPv6 only these are given to servers of the internet; private, local, mapped and translated ones lie outside.</summary>
    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3");

    public static bool MayConnect(IPAddress address, OutsideReach reach)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return reach switch
        {
            OutsideReach.Any => true,
            OutsideReach.PublicAndLoopback when IPAddress.IsLoopback(plain) => true,
            _ => IsPublic(plain),
        };
    }

    private static bool IsPublic(IPAddress address) =>
        (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork || Global.Contains(address))
        && !Special.Any(network => network.Contains(address));
}
