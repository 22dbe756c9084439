using System.Text;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Fhir.Tests.Search;

public class DateRangeTests
{
    [Theory]
    [InlineData("2013", "2013-01-01", "2014-01-01")]
    [InlineData("2013-02", "2013-02-01", "2013-03-01")]
    [InlineData("2012-12", "2012-12-01", "2013-01-01")]
    [InlineData("2013-01-14", "2013-01-14", "2013-01-15")]
    [InlineData("2013-01-14T10:00", "2013-01-14T10:00:00", "2013-01-14T10:01:00")]
    [InlineData("2013-01-14T10:00:59", "2013-01-14T10:00:59", "2013-01-14T10:01:00")]
    [InlineData("2013-01-14T10:00:00.5Z", "2013-01-14T10:00:00.5", "2013-01-14T10:00:00.6")]
    [InlineData("2013-01-14T10:00:00.1234567Z", "2013-01-14T10:00:00.1234567", "2013-01-14T10:00:00.1234568")]
    [InlineData("2013-01-14T10:00:00.12345678Z", "2013-01-14T10:00:00.1234567", "2013-01-14T10:00:00.1234568")]
    [InlineData("2013-01-14T01:00:00+02:00", "2013-01-13T23:00:00", "2013-01-13T23:00:01")]
    [InlineData("2013-01-14T01:00:00 02:00", "2013-01-13T23:00:00", "2013-01-13T23:00:01")]
    [InlineData("2013-01-14T23:30:00-05:00", "2013-01-15T04:30:00", "2013-01-15T04:30:01")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01", "2017-01-01T00:00:01")]
    [InlineData("9999", "9999-01-01", "10000")]
    [InlineData("0001", "0001-01-01", "0002-01-01")]
    public void A_date_is_the_range_of_its_precision(string text, string start, string end)
    {
        Assert.True(DateRange.TryParse(Encoding.UTF8.GetBytes(text), out DateRange range));
        Assert.Equal($"{start}..{end}", $"{ValueText.Instant(range.Start)}..{ValueText.Instant(range.End)}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000")]
    [InlineData("13")]
    [InlineData("2013-")]
    [InlineData("2013-13")]
    [InlineData("2013-02-30")]
    [InlineData("2013-02-01T")]
    [InlineData("2013-02-01T10")]
    [InlineData("2013-02-01T24:00")]
    [InlineData("2013-02-01T10:60")]
    [InlineData("2013-02-01T10:00:61")]
    [InlineData("2013-02-01T10:00:00.")]
    [InlineData("2013-02-01T10:00:00+15:00")]
    [InlineData("2013-02-01T10:00:00+02")]
    [InlineData("2013-02-01T10:00:00ZZ")]
    [InlineData("2013-02-01 10:00:00Z")]
    [InlineData("yesterday")]
    public void Anything_else_is_refused(string text) => Assert.False(DateRange.TryParse(Encoding.UTF8.GetBytes(text), out _));
}
