using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

public class EqualityAndDateTests
{
    public static TheoryData<string, string> Equality => Cases.Table("""
        1 = 1.0 => {true}
        1.10 = 1.1 => {true}
        1 = '1' => {false}
        'a' = 'A' => {false}
        {} = {} => {}
        1 = {} => {}
        (1 | 2) = (1 | 2) => {true}
        (1 | 2) = (2 | 1) => {false}
        (1 | 2) = 1 => {false}
        1 != 2 => {true}
        {} != 1 => {}
        true = true => {true}
        true = 1 => {false}
        1 = 1 '1' => {true}
        1 'g' = 1000 'mg' => {true}
        1 'g' = 1 's' => {}
        1 'g' != 2 'g' => {true}
        1 year = 12 months => {true}
        7 days = 1 week => {true}
        1 day = 24 'h' => {true}
        1 year = 1 'a' => {}
        1 year ~ 1 'a' => {true}
        1 month ~ 1 'mo' => {true}
        'a  b' ~ 'A B' => {true}
        'ab' ~ 'a b' => {false}
        1.0 ~ 1 => {true}
        0.67 ~ 0.666666 => {true}
        0.67 ~ 0.66 => {false}
        {} ~ {} => {true}
        {} ~ 1 => {false}
        (1 | 2 | 3) ~ (3 | 1 | 2) => {true}
        1.combine(1) ~ (1 | 2) => {false}
        1 !~ 2 => {true}
        4 'g' ~ 4040 'mg' => {true}
        4.0 'g' ~ 4040 'mg' => {true}
        4.00 'g' ~ 4040 'mg' => {true}
        4.04 'g' ~ 4040 'mg' => {true}
        4.05 'g' ~ 4040 'mg' => {false}
        1 'g' ~ 1 's' => {false}
        @2012 = @2012 => {true}
        @2012 = @2013 => {false}
        @2012 = @2012-01 => {}
        @2012-01 = @2013-02-03 => {false}
        @2012 ~ @2012-01 => {false}
        @2012-04-15 = @2012-04-15T => {true}
        @2012-04-15T10:00:00 = @2012-04-15T10:00:00.000 => {true}
        @2012-04-15T10:00:00Z = @2012-04-15T12:00:00+02:00 => {true}
        @2012-04-15T10:00:00Z = @2012-04-15T10:00:00 => {}
        @T10:00 = @T10:00:00 => {}
        @T10:00 = @T11:00:00 => {false}
        @2012-01-01 = @T10:00 => {false}
        """);

    public static TheoryData<string, string> Order => Cases.Table("""
        1 < 2 => {true}
        2 <= 2.0 => {true}
        'a' < 'b' => {true}
        'B' < 'a' => {true}
        'ab' > 'a' => {true}
        1 < {} => {}
        1 < 'a' => error
        true < false => error
        (1 | 2) < 3 => error
        1 'm' > 99 'cm' => {true}
        1 'm' > 1 's' => {}
        1 'm' > 0 => {}
        2 '1' > 1 => {true}
        1 year > 11 months => {true}
        1 year > 300 days => {}
        @2012 < @2013 => {true}
        @2012 < @2012-02 => {}
        @2012-01 > @2011-12-31 => {true}
        @2012-01-01T10:00 >= @2012-01-01T10:00:00 => {}
        @2012-01-01T10:00:00.5 > @2012-01-01T10:00:00 => {true}
        @2012-01-01T23:00:00-05:00 > @2012-01-02T03:00:00Z => {true}
        @2012-01-02 > @2012-01-01T10:00:00Z => {true}
        @T10:30 < @T10:31 => {true}
        @T10:30 < @2012 => error
        """);

    public static TheoryData<string, string> Sums => Cases.Table("""
        @2014-01-31 + 1 month => {@2014-02-28}
        @2016-02-29 + 1 year => {@2017-02-28}
        @2014-01-01 - 1 day => {@2013-12-31}
        @2014 + 24 months => {@2016}
        @2014 + 23 months => {@2015}
        @2014 + 365 days => {@2015}
        @2014-01 + 29 days => {@2014-01}
        @2014-01 + 30 days => {@2014-02}
        @2014-01-01 + 25 hours => {@2014-01-02}
        @2014-01-01 + 1.9 months => {@2014-02-01}
        @2014-01-01T10:00 + 90 minutes => {@2014-01-01T11:30}
        @2014-01-01T10 + 90 minutes => {@2014-01-01T11}
        @2014-01-01T10:00:00 + 1.5 seconds => {@2014-01-01T10:00:01.500}
        @2014-01-01T23:30:00+02:00 + 1 hour => {@2014-01-02T00:30:00+02:00}
        @2014-01-01 + 1 'wk' => {@2014-01-08}
        @2014-01-01 + 1 'a' => error
        @2014-01-01 + 1 'mg' => error
        @2014-01-01 + 1 => error
        @9999-12-31 + 1 day => {}
        @0001-01-01 - 1 day => {}
        @T23:00 + 2 hours => {@T01:00}
        @T01:00 - 2 hours => {@T23:00}
        @T10:00 + 1 day => error
        1 'g' + 1 'mg' => {1.001 'g'}
        1 'g' + 1 's' => {}
        3 days - 1 day => {2 days}
        2 'cm' * 2 'm' = 0.04 'm2' => {true}
        4 'g' / 2 'm' = 2 'g/m' => {true}
        4 'g' / 2 => {2 'g'}
        4 'g' / 0 'g' => {}
        1 'g' mod 1 'g' => error
        """);

    public static TheoryData<string, string> Components => Cases.Table("""
        @2014-01-05T10:30:00.123+02:00.yearOf() => {2014}
        @2014-01-05T10:30:00.123+02:00.monthOf() => {1}
        @2014-01-05T10:30:00.123+02:00.dayOf() => {5}
        @2014-01-05T10:30:00.123+02:00.hourOf() => {10}
        @2014-01-05T10:30:00.123+02:00.minuteOf() => {30}
        @2014-01-05T10:30:07.123+02:00.secondOf() => {7}
        @2014-01-05T10:30:00.123+02:00.millisecondOf() => {123}
        @2014-01-05T10:30:00+02:30.timezoneOffsetOf() => {2.5}
        @2014-01-05T10:30:00.timezoneOffsetOf() => {}
        @2014-01-05T10:30.dateOf() => {@2014-01-05}
        @2014-01-05T10:30.timeOf() => {@T10:30}
        @2014.monthOf() => {}
        @T10:30.hourOf() => {10}
        @T10:30.yearOf() => {}
        @2014-01-05.hourOf() => {}
        'x'.yearOf() => error
        @2014.precision() => {4}
        @2014-01-05.precision() => {8}
        @T10:30.precision() => {4}
        1.580.precision() => {3}
        'a'.precision() => {}
        1.587.lowBoundary() => {1.58650000}
        1.587.lowBoundary(2) => {1.58}
        1.587.highBoundary(2) => {1.59}
        (-1.587).lowBoundary(0) => {-2}
        1.lowBoundary(40) => {}
        1.5 'mg'.highBoundary(3) => {1.550 'mg'}
        @2014.lowBoundary() => {@2014-01-01}
        @2014-02.highBoundary() => {@2014-02-28}
        @2014.highBoundary(6) => {@2014-12}
        @2014.highBoundary(5) => {}
        @2014-02-03T10:05.lowBoundary() => {@2014-02-03T10:05:00.000+14:00}
        @2014-02-03T10:05.highBoundary() => {@2014-02-03T10:05:59.999-12:00}
        @2014-02-03T10:05Z.highBoundary() => {@2014-02-03T10:05:59.999Z}
        @2014-02-03T.highBoundary() => {@2014-02-03T23:59:59.999-12:00}
        @T10.highBoundary() => {@T10:59:59.999}
        @T10:30.lowBoundary(4) => {@T10:30}
        true.lowBoundary() => {}
        1 'cm'.comparable(1 'm') => {true}
        1 'cm'.comparable(1 's') => {false}
        """);

    [Theory]
    [MemberData(nameof(Equality))]
    [MemberData(nameof(Order))]
    [MemberData(nameof(Sums))]
    [MemberData(nameof(Components))]
    public void Values(string expression, string expected) => Assert.Equal(expected, Cases.Evaluate(expression));
}
