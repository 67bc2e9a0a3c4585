/** A question, one that asks the same in other words, and one that looks like it and asks something else. Written for this benchmark. */
export interface RewordedQuestion {
  question: string
  same: string
  other: string
}

const rows: readonly (readonly [question: string, same: string, other: string])[] = [
  ['How do I reset my password?', 'How can I reset my password?', 'How do I reset my router?'],
  [
    'What is the refund policy for annual plans?',
    'What is your refund policy on annual plans?',
    'What is the refund policy for monthly plans?',
  ],
  ['How long does shipping to Canada take?', 'How long will shipping take to Canada?', 'How long does shipping to Mexico take?'],
  [
    'Can I change my delivery address after ordering?',
    'Is it possible to change the delivery address once I have ordered?',
    'Can I change my billing address after ordering?',
  ],
  ['How do I cancel my subscription?', 'How can I cancel my subscription?', 'How do I pause my subscription?'],
  [
    'Which ports does the gateway listen on?',
    'On which ports does the gateway listen?',
    'Which ports does the database listen on?',
  ],
  ['How do I rotate an API key?', 'How can I rotate an API key?', 'How do I revoke an API key?'],
  [
    'What is the maximum file size for uploads?',
    'What is the largest file size I can upload, the maximum?',
    'What is the minimum file size for uploads?',
  ],
  [
    'How many users can a team plan have?',
    'How many users are allowed in a team plan?',
    'How many projects can a team plan have?',
  ],
  ['Does the warranty cover water damage?', 'Is water damage covered by the warranty?', 'Does the warranty cover screen damage?'],
  ['What is the boiling point of ethanol?', 'At what temperature does ethanol boil?', 'What is the freezing point of ethanol?'],
  ['Who wrote the novel Dracula?', 'Who is the author of the novel Dracula?', 'Who wrote the novel Frankenstein?'],
  ['What is the capital of Australia?', 'Which city is the capital of Australia?', 'What is the capital of Austria?'],
  ['When did the Second World War end?', 'In what year did the Second World War end?', 'When did the First World War end?'],
  ['How tall is Mount Everest?', 'What is the height of Mount Everest?', 'How old is Mount Everest?'],
  ['How do I sort a list in Python?', 'How can I sort a list in Python?', 'How do I reverse a list in Python?'],
  ['How do I undo the last commit in git?', 'How can I undo the last commit in git?', 'How do I amend the last commit in git?'],
  ['What does HTTP status 404 mean?', 'What is the meaning of HTTP status 404?', 'What does HTTP status 403 mean?'],
  [
    'How do I list running containers in Docker?',
    'How can I list the running containers in Docker?',
    'How do I list stopped containers in Docker?',
  ],
  [
    'What is the time complexity of merge sort?',
    'What time complexity does merge sort have?',
    'What is the space complexity of merge sort?',
  ],
  [
    'How do I add a column to a table in SQL?',
    'How can I add a column to a table in SQL?',
    'How do I drop a column from a table in SQL?',
  ],
  [
    'What is the interest rate on the savings account?',
    'What interest rate does the savings account have?',
    'What is the interest rate on the current account?',
  ],
  [
    'Is there a fee for withdrawing cash abroad?',
    'Do you charge a fee for withdrawing cash abroad?',
    'Is there a fee for paying by card abroad?',
  ],
  ['How do I report a lost card?', 'How can I report a lost card?', 'How do I report a stolen phone?'],
  [
    'What documents do I need to open an account?',
    'Which documents are needed to open an account?',
    'What documents do I need to close an account?',
  ],
  [
    'How many vacation days do I have per year?',
    'How many days of vacation do I get per year?',
    'How many sick days do I have per year?',
  ],
  ['When is the quarterly report due?', 'What is the due date of the quarterly report?', 'When is the annual report due?'],
  [
    'Who approves travel expenses above the limit?',
    'Who has to approve travel expenses above the limit?',
    'Who approves travel expenses below the limit?',
  ],
  ['How do I book a meeting room?', 'How can I book a meeting room?', 'How do I cancel a meeting room?'],
  ['What is the dress code in the office?', 'What dress code applies in the office?', 'What is the door code of the office?'],
  [
    'What are the side effects of ibuprofen?',
    'Which side effects does ibuprofen have?',
    'What are the side effects of paracetamol?',
  ],
  ['Can I take aspirin with alcohol?', 'Is it safe to take aspirin with alcohol?', 'Can I take aspirin with milk?'],
  [
    'How much water should an adult drink each day?',
    'How much water should adults drink per day?',
    'How much water should a child drink each day?',
  ],
  [
    'What is the recommended dose for children under five?',
    'What dose is recommended for children under five?',
    'What is the recommended dose for children over five?',
  ],
  ['Does vitamin C prevent colds?', 'Do colds get prevented by vitamin C?', 'Does vitamin D prevent colds?'],
  ['What is the population of Denmark?', 'How many people live in Denmark?', 'What is the area of Denmark?'],
  ['Which river flows through Vienna?', 'What river flows through Vienna?', 'Which river flows through Prague?'],
  ['Who painted the Mona Lisa?', 'Who is the painter of the Mona Lisa?', 'Who stole the Mona Lisa?'],
  ['What is the speed of light in vacuum?', 'How fast is light in vacuum?', 'What is the speed of sound in air?'],
  [
    'How many bones does an adult human have?',
    'How many bones are there in an adult human?',
    'How many teeth does an adult human have?',
  ],
  [
    'How do I enable two-factor authentication?',
    'How can I enable two-factor authentication?',
    'How do I disable two-factor authentication?',
  ],
  ['How do I export my data as CSV?', 'How can I export my data as CSV?', 'How do I import my data from CSV?'],
  [
    'How do I connect the printer to the network?',
    'How can I connect the printer to the network?',
    'How do I disconnect the printer from the network?',
  ],
  ['Which browsers are supported?', 'What browsers are supported?', 'Which browsers are not supported?'],
  [
    'What happens when the quota is exceeded?',
    'What will happen when the quota is exceeded?',
    'What happens when the quota is renewed?',
  ],
  ['Is the service available in Germany?', 'Can the service be used in Germany?', 'Is the service available in France?'],
  [
    'What is the deadline for applications in 2025?',
    'By when do applications have to be in for 2025?',
    'What is the deadline for applications in 2026?',
  ],
  [
    'How do I increase the memory of a worker?',
    'How can I increase the memory of a worker?',
    'How do I decrease the memory of a worker?',
  ],
  ['Which plan includes single sign-on?', 'What plan includes single sign-on?', 'Which plan excludes single sign-on?'],
  [
    'Can invoices be paid by bank transfer?',
    'Is it possible to pay invoices by bank transfer?',
    'Can invoices be paid by credit card?',
  ],
  ['Who founded the company?', 'Who was the founder of the company?', 'Who runs the company?'],
  [
    'How is revenue recognised for licences?',
    'In what way is revenue recognised for licences?',
    'How is revenue recognised for services?',
  ],
  [
    'What was the net profit in the third quarter?',
    'How high was net profit in the third quarter?',
    'What was the net profit in the fourth quarter?',
  ],
  ['How do I make a sourdough starter?', 'How can I make a sourdough starter?', 'How do I feed a sourdough starter?'],
  [
    'At what temperature should I bake salmon?',
    'What temperature should salmon be baked at?',
    'At what temperature should I bake chicken?',
  ],
  ['Is this mushroom edible?', 'Can this mushroom be eaten?', 'Is this mushroom poisonous?'],
  [
    'Should I water the plant before repotting?',
    'Should the plant be watered before repotting?',
    'Should I water the plant after repotting?',
  ],
  ['What is the best time to visit Japan?', 'When is the best time to visit Japan?', 'What is the worst time to visit Japan?'],
  [
    'How do I get from the airport to the hotel?',
    'How can I get from the airport to the hotel?',
    'How do I get from the hotel to the airport?',
  ],
  ['Do I need a visa for Brazil?', 'Is a visa needed for Brazil?', 'Do I need a visa for Bolivia?'],
]

export const rewordedQuestions: readonly RewordedQuestion[] = rows.map(([question, same, other]) => ({ question, same, other }))
