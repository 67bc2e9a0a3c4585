"""Makes the documents of tests/fixtures/documents that programs write: python-docx, openpyxl, python-pptx, reportlab, ebooklib. Their output is kept there."""
from pathlib import Path

import docx
import openpyxl
import pptx
from ebooklib import epub
from reportlab.pdfgen import canvas

folder = Path(__file__).parent.parent / "fixtures" / "documents"

handbook = docx.Document()
handbook.add_heading("Handbook of the keepers", 1)
handbook.add_paragraph("Every keeper reads this before the first watch.")
handbook.add_heading("Oil", 2)
handbook.add_paragraph("The lamp of Skerry burns colza oil, forty litres in a winter night.")
table = handbook.add_table(rows=2, cols=2)
for cell, text in zip((cell for row in table.rows for cell in row.cells), ("Tank", "Litres", "North", "1,200")):
    cell.text = text
handbook.save(folder / "handbook.docx")

supplies = openpyxl.Workbook()
sheet = supplies.active
sheet.title = "Supplies"
for row in (("Item", "Supplier", "Price"), ("Wicks", "Brae of Lerwick", 12.5), ("Prisms", "Chance of Smethwick", 480)):
    sheet.append(row)
supplies.save(folder / "supplies.xlsx")

talk = pptx.Presentation()
for title, body in (
    ("The light of Skerry", "A talk for the harbour board"),
    ("Range", "The beam of Skerry is seen from eighteen nautical miles"),
):
    slide = talk.slides.add_slide(talk.slide_layouts[1])
    slide.shapes.title.text = title
    slide.placeholders[1].text = body
talk.save(folder / "talk.pptx")

report = canvas.Canvas(str(folder / "survey.pdf"), invariant=1)
report.drawString(72, 720, "Survey of the rock. This page tells who was there.")
report.showPage()
report.drawString(72, 720, "The tower of Skerry stands on gneiss and sways nine millimetres in a gale.")
report.showPage()
report.save()

book = epub.EpubBook()
book.set_identifier("skerry")
book.set_title("Letters from Skerry")
book.set_language("en")
chapters = []
for number, text in enumerate(("The first letter tells of the crossing.", "Our cat Bosun caught nineteen rats in the oil store."), 1):
    chapter = epub.EpubHtml(title=f"Letter {number}", file_name=f"letter-{number}.xhtml", lang="en")
    chapter.content = f"<h1>Letter {number}</h1><p>{text}</p>"
    book.add_item(chapter)
    chapters.append(chapter)
book.toc = chapters
book.add_item(epub.EpubNcx())
book.add_item(epub.EpubNav())
book.spine = ["nav", *chapters]
epub.write_epub(str(folder / "letters.epub"), book)
