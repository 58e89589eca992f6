#!/usr/bin/env bash
# SseParser of .NET 10 (System.Net.ServerSentEvents): after a stream that ended within an event, LastEventId is the id of that event, which was never returned.
#
# Guess before: LastEventId is the id of the last event that the parser returned, as the HTML specification has it: a browser takes over an id with the empty line that ends its event.
# Seen: of a stream that is cut behind "id: 2" or behind the data of event 2, the parser returns event 1 only and LastEventId is 2.
#   cut behind its id: returned 1, LastEventId 2
#   cut behind its data: returned 1, LastEventId 2
#   whole: returned 1 2, LastEventId 2
# What follows: a client that reconnects with `Last-Event-ID: {parser.LastEventId}` never sees event 2. The EventId of the last item returned is the one to keep (docs/events.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > see.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
</Project>
XML
cat > Program.cs <<'CS'
using System.Net.ServerSentEvents;
using System.Text;

Console.Error.WriteLine($".NET {Environment.Version}");
See("cut behind its id", "id: 1\ndata: a\n\nid: 2\n");
See("cut behind its data", "id: 1\ndata: a\n\nid: 2\ndata: b\n");
See("whole", "id: 1\ndata: a\n\nid: 2\ndata: b\n\n");

static void See(string name, string text)
{
    var parser = SseParser.Create(new MemoryStream(Encoding.UTF8.GetBytes(text)));
    var returned = parser.Enumerate().Select(item => item.EventId).ToList();
    Console.WriteLine($"{name}: returned {string.Join(' ', returned)}, LastEventId {parser.LastEventId}");
}
CS
dotnet run --verbosity quiet > seen
cat seen
diff seen - <<'END' && echo "As found."
cut behind its id: returned 1, LastEventId 2
cut behind its data: returned 1, LastEventId 2
whole: returned 1 2, LastEventId 2
END
