// The pictures of a post, small, beside the flat map.

import { useState } from "preact/hooks";

export function Strip({ pictures, title }: { pictures: readonly string[]; title: string }) {
  return (
    <figure class="strip" data-pictures={pictures.length}>
      <figcaption>{pictures.length === 1 ? "1 picture" : `${pictures.length} pictures`}</figcaption>
      <ul>
        {pictures.map((address, i) => (
          <li key={address}>
            <Picture address={address} words={pictures.length === 1 ? `The picture of ${title}` : `Picture ${i + 1} of ${pictures.length} of ${title}`} />
          </li>
        ))}
      </ul>
    </figure>
  );
}

function Picture({ address, words }: { address: string; words: string }) {
  const [isLost, lose] = useState(false);
  if (isLost) return <span class="lost">{words} could not be loaded</span>;
  return <img src={address} alt={words} crossOrigin="anonymous" loading="lazy" decoding="async" onError={() => lose(true)} />;
}
