using System.Text;

namespace Dialtone.Files.Tests.Native;

public sealed class SniffingTests
{
    [Theory]
    [InlineData("FileTransfer|get|none", "FileTransfer|get|file doesn't exist")]
    [InlineData("ftp_authentication|alice|wrong", "ftp_authentication::failed")]
    public async Task One_port_answers_each_tongue_also_when_its_first_bytes_come_one_by_one(string request, string answer)
    {
        await using NativeShare share = await NativeShare.StartAsync("tcp://127.0.0.1:0");
        foreach (bool slowly in (bool[])[false, true])
        {
            await using RawCaller call = await share.CallAsync();
            byte[] bytes = Encoding.ASCII.GetBytes(request);
            int first = slowly ? 10 : bytes.Length;
            foreach (byte one in bytes[..Math.Min(first, 10)])
                await call.SendAsync([one]);
            await call.SendAsync(bytes[Math.Min(first, 10)..]);
            Assert.Equal(answer, Encoding.ASCII.GetString(await call.ExactlyAsync(answer.Length)));
        }
    }
}
