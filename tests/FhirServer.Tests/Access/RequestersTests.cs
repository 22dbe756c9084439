using System.Net;
using HealthChain.Fhir;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace HealthChain.FhirServer.Tests.Access;

public sealed class RequestersTests
{
    private const string Token = "practitioner-token-1";

    private static readonly ServerOptions Closed = new()
    {
        Tokens =
        [
            new TokenOptions { Token = "some-other-token-99", Name = "other", Role = Role.Patient },
            new TokenOptions
            {
                Token = Token,
                Name = "ward-7",
                Role = Role.Practitioner,
                FhirUser = "Practitioner/7",
                Organisation = "Organization/1",
                Purpose = "TREAT",
                Scopes = "user/*.rs  openid",
            },
        ],
    };

    private static readonly ServerOptions Open = Closed with { Development = true };

    private static DefaultHttpContext Request(string? authorization = null, string host = "127.0.0.1:8080", string remote = "127.0.0.1")
    {
        var context = new DefaultHttpContext();
        context.Request.Host = new HostString(host);
        context.Connection.RemoteIpAddress = IPAddress.Parse(remote);
        if (authorization is not null)
        {
            context.Request.Headers.Authorization = authorization;
        }

        return context;
    }

    private static ValueTask<Result<Requester>> IdentifyAsync(ServerOptions options, HttpContext context) =>
        new AccessParts(options).Requesters().IdentifyAsync(context);

    [Theory]
    [InlineData("Bearer " + Token)]
    [InlineData("bearer " + Token)]
    public async Task A_token_tells_on_whose_behalf_a_request_runs(string authorization)
    {
        var requester = (await IdentifyAsync(Closed, Request(authorization, "fhir.example.org", "10.0.0.1"))).Value;

        Assert.Equal("ward-7", requester.Who);
        Assert.Equal("ward-7", requester.Scope.Requester);
        Assert.Equal(Role.Practitioner, requester.Role);
        Assert.Equal("Practitioner/7", requester.FhirUser);
        Assert.Equal("Organization/1", requester.Organisation);
        Assert.Equal("TREAT", requester.Purpose);
        Assert.Equal(["user/*.rs", "openid"], requester.Scopes);
        Assert.False(requester.IsDevelopment);
    }

    [Fact]
    public async Task Without_a_token_the_challenge_names_no_error()
    {
        var context = Request();

        var result = await IdentifyAsync(Closed, context);

        Assert.Equal(ErrorKind.Unauthenticated, result.Error!.Kind);
        Assert.Equal("Bearer realm=\"fhir\"", context.Response.Headers.WWWAuthenticate);
    }

    [Theory]
    [InlineData("Bearer wrong")]
    [InlineData("Bearer " + Token + "1")]
    [InlineData("Bearer ")]
    [InlineData("Bearer")]
    [InlineData("")]
    [InlineData("Basic dXNlcjpwYXNz")]
    public async Task A_wrong_token_is_refused_in_development_mode_too(string authorization)
    {
        foreach (var options in new[] { Open, Closed })
        {
            var context = Request(authorization);

            var result = await IdentifyAsync(options, context);

            Assert.Equal(ErrorKind.Unauthenticated, result.Error!.Kind);
            Assert.Equal("Bearer realm=\"fhir\", error=\"invalid_token\"", context.Response.Headers.WWWAuthenticate);
        }
    }

    [Fact]
    public async Task Two_tokens_at_once_are_refused()
    {
        var context = Request();
        context.Request.Headers.Authorization = new(["Bearer " + Token, "Bearer " + Token]);

        Assert.False((await IdentifyAsync(Open, context)).IsOk);
    }

    [Theory]
    [InlineData("localhost:8080", "127.0.0.1")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("[::1]:8080", "::1")]
    public async Task In_development_mode_this_machine_needs_no_login(string host, string remote)
    {
        var requester = (await IdentifyAsync(Open, Request(null, host, remote))).Value;

        Assert.True(requester.IsDevelopment);
        Assert.Null(requester.Role);
        Assert.True(requester.Scope.SeesEverything);
    }

    [Theory]
    [InlineData("rebound.example.org:8080", "127.0.0.1")]
    [InlineData("localhost:8080", "10.0.0.7")]
    public async Task In_development_mode_others_do(string host, string remote) => Assert.False((await IdentifyAsync(Open, Request(null, host, remote))).IsOk);

    [Fact]
    public void For_anybody_nothing_exists()
    {
        Assert.False(Requesters.Anybody.Scope.SeesEverything);
        Assert.False(Requesters.Anybody.Scope.MaySee("Patient"));
        Assert.False(Requesters.Anybody.Scope.Sees(default));
    }
}
