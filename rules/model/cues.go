package model

import (
	"strings"

	"winnow/rules"
	"winnow/text"
)

// A cue is a subject that the furniture of pages speaks of, in whatever
// language: the model learns from English menus what a Polish one says. A cue
// with a category gives it to the units that hold it; one of content stands in the
// headings of lists that belong to the story.
type cue struct {
	category rules.Category
	content  bool
	words    string
}

// cues holds the subjects, at most 32. Of a word that stands twice the first cue counts.
// Words that are common in prose have no harm: only lines of few words are looked at.
var cues = [...]cue{
	{category: rules.Legal, words: `© copyright rights reserved impressum datenschutz privacy terms cookies cookie disclaimer derechos direitos droits 版权 版权所有 права
		policy legal imprint agb nutzungsbedingungen datenschutzerklärung haftungsausschluss aviso légales mentions privacidad privacidade confidentialité riservati diritti
		voorwaarden конфиденциальности условия политика защищены polityka prywatności regulamin zastrzeżone zásady podmínky vyhrazena villkor integritetspolicy vilkår
		tietosuoja käyttöehdot gizlilik koşulları adatvédelem impresszum confidențialitate απορρήτου конфіденційності accessibility barrierefreiheit accesibilidad`},
	{category: rules.Subscribe, words: `subscribe newsletter newsletters subscription abonnieren abonnez suscríbete suscribirse inscreva assine подписаться подписка 订阅
		abo abonnement abonnements suscripción subscribir iscriviti abbonati abonneren nieuwsbrief подпишитесь рассылка newslettera prenumerata odběr prenumerera
		nyhetsbrev abonner tilaa uutiskirje abone bülten hírlevél feliratkozás підписатися rss`},
	{category: rules.Comments, words: `comment comments reply kommentar kommentare commentaires comentarios comentários комментарии 评论
		commentaire comentario comentário commenti commento reacties reactie комментарий komentarze komentarz komentáře kommentarer kommentit yorum yorumlar hozzászólás
		comentarii σχόλια коментарі antworten répondre responder rispondi reageer ответить odpowiedz`},
	{category: rules.Share, words: `share tweet facebook twitter linkedin whatsapp pinterest instagram telegram reddit teilen partager compartir compartilhar поделиться 分享
		comparte compartilhe condividi delen udostępnij sdílet dela del jaa paylaş megosztás distribuie поділитися youtube mastodon bluesky tiktok xing tumblr flipboard vk`},
	{category: rules.Related, words: `related recommended similar popular trending recent relacionados relacionadas ähnliche verwandte похожие 相关
		latest recientes recentes últimas últimos neueste neuste beliebt beliebte meistgelesen récents derniers dernières populaires ultimi ultime recenti correlati laatste
		gerelateerd последние свежие популярные ostatnie najnowsze powiązane poslední nejnovější související senaste relaterade seneste siste viimeisimmät son ilgili
		legfrissebb kapcsolódó recomendados recomendadas empfohlen empfehlungen recommandés consigliati останні`},
	{category: rules.Ad, words: `advertisement advertisements sponsored anzeige werbung publicidad publicidade publicité реклама 广告
		pubblicità advertentie reklama reklam annons annonse mainos hirdetés anzeigen`},
	{category: rules.Appeal, words: `donate donation donations spenden donar doar пожертвовать dona doneren wspomóż donera lahjoita bağış`},
	{words: `home homepage start startseite inicio início accueil главная головна domů hem hjem etusivu anasayfa kezdőlap αρχική 首页 acasă`},
	{words: `about über nosotros propos sobre quienes chi siamo over нас проекте nas om tietoa hakkımızda rólunk`},
	{words: `contact contacts kontakt contacto contato contatti contattaci contactez contáctanos контакты контакт kontakty yhteystiedot iletişim επικοινωνία kapcsolat контакти`},
	{words: `search suche suchen buscar busca buscador búsqueda pesquisar recherche rechercher cerca ricerca zoeken zoek поиск искать szukaj wyszukaj hledat vyhledávání sök søg søk
		haku hae ara αναζήτηση keresés căutare пошук`},
	{words: `login logout signin signup log sign register account anmelden anmeldung einloggen registrieren konto entrar ingresar sesión registrarse cuenta conta connexion
		connecter inscription compte accedi registrati accesso inloggen aanmelden registreren войти вход регистрация zaloguj zarejestruj přihlásit registrace logga
		kirjaudu giriş kayıt bejelentkezés profile profil mitglied увійти`},
	{words: `menu navigation toggle skip jump sidebar menü menú меню nawigacja hauptmenü springen saltar ir aller overslaan přejít hoppa siirry menü meny valikko
		breadcrumb breadcrumbs dropdown sitemap seitenübersicht mapa plan`},
	{words: `english deutsch français español italiano português nederlands polski русский українська čeština svenska dansk norsk suomi magyar română türkçe ελληνικά
		language languages sprache idioma idiomas langue lingua taal язык język jazyk språk kieli dil 日本語 中文 한국어`},
	{words: `follow folgen folge síguenos sígueme siga suivez seguici segui volg подписывайтесь obserwuj sledujte följ følg seuraa takip kövess social redes sociales`},
	{words: `next previous prev older newer nächster nächste nächstes vorheriger vorherige weiter zurück siguiente anterior próximo próxima seguinte suivant suivante précédent
		précédente successivo precedente volgende vorige следующая следующий предыдущая предыдущий далее назад następny następna poprzedni poprzednia další předchozí
		nästa föregående neste forrige næste seuraava edellinen sonraki önceki következő előző următorul back`},
	{words: `tags tag tagged category categories filed topics schlagwörter schlagworte kategorie kategorien themen etiquetas etiqueta categoría categorías categoria categorias
		marcadores catégorie catégories étiquettes mots clés categorie temi теги метки категории рубрики рубрика tagi štítky rubriky kategorier etiketter avainsanat kategoriat
		etiketler kategoriler címkék kategóriák`},
	{words: `archive archives archiv archivo archivos arquivo arquivos archivio archief архив архивы archiwum arkiv arkisto arşiv archívum arhiva`},
	{words: `posts post blog articles article news stories entries beiträge beitrag artikel aktuelles nachrichten entradas artículo artículos noticias notícias artigo artigos
		publicações actualités articoli articolo notizie статьи статья новости записи wpisy artykuły aktualności články článek zprávy aktuality nyheter inlägg nyheder
		indlæg uutiset artikkelit haberler yazılar hírek cikkek știri berichten nieuws новини`},
	{words: `more mehr más mais altro meer więcej ещё еще více mer lisää daha tovább mai leia weiterlesen leer lire leggi lees читать czytaj číst läs les lue devamı read`},
	{words: `shop cart store basket checkout bag wishlist warenkorb merkliste carrito tienda carrinho loja panier boutique carrello negozio winkelwagen winkel корзина магазин
		koszyk sklep košík obchod varukorg butik kurv ostoskori kauppa sepet mağaza kosár`},
	{words: `help faq faqs support hilfe ayuda ajuda aide aiuto assistenza hulp помощь pomoc nápověda podpora hjälp hjelp apua tuki yardım destek segítség`},
	{words: `edit improve report issue feedback suggest helpful bearbeiten editar modifier modifica bewerken править редактировать edytuj upravit redigera rediger muokkaa düzenle`},
	{words: `print drucken imprimir imprimer stampa afdrukken печать распечатать drukuj tisk vytisknout skriv tulosta yazdır`},
	{words: `download downloads herunterladen descargar descargas baixar télécharger téléchargements scarica downloaden скачать pobierz stáhnout ladda lataa indir letöltés`},
	{words: `careers jobs karriere stellenangebote presse press empleo carreiras vagas carrières emplois lavora carriere vacatures вакансии карьера kariera praca kariéra`},
	{words: `powered theme hosted designed bereitgestellt erstellt hecho desarrollado desenvolvido propulsé réalisé realizzato сайта wordpress jekyll drupal joomla`},
	{words: `events calendar podcast podcasts video videos gallery photos veranstaltungen termine kalender eventos calendario calendário événements calendrier eventi
		agenda события календарь wydarzenia akce evenemang tapahtumat etkinlikler`},
	{words: `docs documentation tutorial tutorials guides reference api dokumentation documentación documentação documentazione документация dokumentacja roadmap version versions
		changelog releases community forum github gitlab slack discord`},
	{content: true, words: `references reference bibliography sources literature literatur literaturverzeichnis quellen quelle einzelnachweise referências referencias fuentes fontes
		bibliografía bibliografia références bibliographie sources riferimenti fonti bronnen литература источники źródła literatura zdroje källor kilder lähteet kaynaklar
		footnotes notes contributors acknowledgements acknowledgments credits thanks danksagung agradecimientos agradecimentos remerciements`},
	{content: true, words: `ingredients zutaten ingredientes ingrédients ingredienti ingrediënten ингредиенты składniki ingredience ingredienser ainekset malzemeler instructions
		method directions zubereitung preparación preparação préparation preparazione materials requirements members participants speakers authors lyrics tracklist cast`},
}

// cueOf tells the cue of a word by its hash.
var cueOf = func() map[uint64]uint8 {
	m := map[uint64]uint8{}
	for i, c := range cues {
		for _, w := range strings.Fields(c.words) {
			toks := text.Tokenize(w)
			if len(toks) != 1 {
				continue // a sign, or of a script in which each character is a token
			}
			if _, ok := m[toks[0].Hash]; !ok {
				m[toks[0].Hash] = uint8(i)
			}
		}
	}
	return m
}()

// cueFilter has a bit for the hash of each of cueOf: most words are none, and a map takes longer to say so.
var cueFilter = func() (f [256]uint64) {
	for h := range cueOf {
		f[h>>6&255] |= 1 << (h & 63)
	}
	return
}()

// contentCues has a bit for each cue of content.
var contentCues = func() (mask uint32) {
	for i, c := range cues {
		if c.content {
			mask |= 1 << i
		}
	}
	return
}()

// cuesOf returns the cues of tokens, a bit each, and how many of the tokens hold one.
func cuesOf(toks []text.Token) (mask uint32, hits int) {
	for i := range toks {
		h := toks[i].Hash
		if cueFilter[h>>6&255]>>(h&63)&1 == 0 {
			continue
		}
		if c, ok := cueOf[h]; ok {
			mask |= 1 << c
			hits++
		}
	}
	return mask, hits
}

// category returns the category of unit u: that of its first cue in the order
// of cues, else nav.
func category(seg *text.Segments, u int) rules.Category {
	if strings.Contains(seg.Units[u].Span.In(seg.Text), "©") {
		return rules.Legal
	}
	mask, _ := cuesOf(seg.TokensOf(seg.Units[u].Tokens))
	for i, c := range cues {
		if mask>>i&1 == 1 && c.category != "" {
			return c.category
		}
	}
	return rules.Nav
}
