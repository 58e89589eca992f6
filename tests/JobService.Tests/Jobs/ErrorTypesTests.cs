using System.Reflection;
using JobService.Api;
using JobService.Jobs;

namespace JobService.Tests.Jobs;

public sealed class ErrorTypesTests
{
    public static TheoryData<string> Names => [.. typeof(ErrorTypes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(each => each.IsLiteral).Select(each => (string)each.GetRawConstantValue()!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_error_has_the_title_of_the_page_that_its_type_leads_to(string name)
    {
        var page = ProblemType.All[name];

        Assert.Equal(page.Title, new JobError(name, Status: null, Detail: null).Title);
        Assert.NotEmpty(page.Meaning);
    }

    [Fact]
    public void The_table_has_each_type_once() => Assert.Equal(Names.Select(row => row.Data).Order(), ErrorTypes.All.Select(type => type.Name).Order());
}
