package ui

// Pages for when there is no client to show. They stand alone: the policy
// allows no inline style, so they have none.

const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>The web client is not built</title>
<h1>The web client is not built</h1>
<p>This program was built without its web client. In the folder of the sources, run</p>
<pre>make build</pre>
<p>and start the program again. Everything else works: the live numbers are at <a href="/presence/summary">/presence/summary</a>.</p>
</html>
`

const nothingHere = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Nothing here</title>
<h1>Nothing here</h1>
<p>This address leads nowhere. <a href="/city">The city is here.</a></p>
</html>
`
