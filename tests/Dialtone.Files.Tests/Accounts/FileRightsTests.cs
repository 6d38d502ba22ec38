namespace Dialtone.Files.Tests;

public sealed class FileRightsTests
{
    [Fact]
    public void Every_set_of_rights_is_read_back_from_its_words()
    {
        for (FileRights rights = FileRights.None; rights <= FileRights.All; rights++)
            Assert.Equal(rights, FileRightsText.Parse(FileRightsText.Format(rights)));
        Assert.Equal("all", FileRightsText.Format(FileRights.All));
        Assert.Equal("list,read,write", FileRightsText.Format(FileRights.Browse | FileRights.Write));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("read,")]
    [InlineData("read list")]
    [InlineData("Read")]
    [InlineData("read,none")]
    [InlineData("read,wirte")]
    public void Words_not_wholly_understood_give_no_rights_at_all(string? words)
    {
        Assert.False(FileRightsText.TryParse(words, out FileRights rights, out _));
        Assert.Equal(FileRights.None, rights);
    }
}
